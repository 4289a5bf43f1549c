import { expect } from 'chai'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { startGame, whenReady, type GameOptions } from '../../test/helpers/game-process.ts'
import { requireGame } from '../../test/helpers/games.ts'
import { TeeworldsClient } from '../../test/helpers/teeworlds-client.ts'
import { LineMatcher } from './line-matcher.ts'
import { builtInTemplates, loadTemplates } from './load.ts'
import { sayCommand } from './render.ts'

describe('templates on the real games', function () {
  this.timeout(90_000)
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const launch = async (id: string, options: GameOptions = {}) => {
    const { templates } = await loadTemplates([builtInTemplates])
    const template = templates.get(id)
    if (template === undefined) throw new Error(`no template ${id}`)
    return { template, game: await startGame(cleanups, template, options) }
  }

  it('start Teeworlds with its settings and without printing a password', async function () {
    await requireGame(this, 'teeworlds-server')
    const { template, game } = await launch('teeworlds', { given: { server_name: 'My "big" \\ arena; x', map: 'ctf1', gametype: 'ctf', password: 'p"; sv_port 1' } })
    await whenReady(game, template)
    expect(game.lines.join('\n')).to.include('server name is \'My "big" \\ arena; x\'').and.not.include('rcon password').and.not.include('No such command')
    expect(game.lines.some((line) => line.endsWith(`[econ]: bound to 127.0.0.1:${game.ports.econ}`))).to.equal(true)
    expect(game.lines.join('\n')).to.include('maps/ctf1.map crc')
    game.kill('SIGINT')
    await game.ended
  })

  it('see a player join, speak and leave Teeworlds', async function () {
    await requireGame(this, 'teeworlds-server')
    const { template, game } = await launch('teeworlds')
    await whenReady(game, template)
    const matcher = new LineMatcher(template)
    const told = (kind: string) => game.line((line) => matcher.match(line).some((found) => found.kind === kind))
    const player = await TeeworldsClient.join(game.ports.game ?? 0, 'o\'neil')
    await told('join')
    player.say('hello: you')
    await told('chat')
    await player.leave()
    await told('leave')
    expect(game.lines.flatMap((line) => matcher.match(line))).to.deep.equal([
      { kind: 'ready' }, { kind: 'join', player: 'o\'neil' }, { kind: 'chat', player: 'o\'neil', text: 'hello: you' }, { kind: 'leave', player: 'o\'neil' },
    ])
  })

  it('start Minetest and stop it in order', async function () {
    await requireGame(this, 'minetestserver')
    const { template, game } = await launch('minetest', { given: { motd: '# { "hi" = }' } })
    expect(await whenReady(game, template)).to.include(`listening on 127.0.0.1:${game.ports.game}.`)
    game.kill('SIGINT')
    expect(await game.ended).to.equal(0)
    expect(game.lines.at(-1)).to.include('Server: Shutting down')
    await access(join(game.directory, 'world/env_meta.txt'))
  })

  it('start OpenTTD, talk to it, stop it in order, and go on with its map', async function () {
    await requireGame(this, 'openttd')
    const given = { map_size: 6, server_name: 'a = b; # c' }
    const { template, game } = await launch('openttd', { given })
    await whenReady(game, template)
    const said = 'say "no" \\ ; quit \\'
    game.write(sayCommand(template, said) ?? '')
    const heard = await game.line((line) => line.includes('[All]'))
    expect(new LineMatcher(template).match(heard)).to.deep.equal([{ kind: 'chat', player: '<server>', text: `${said} ` }])
    game.write('setting server_name')
    expect(await game.line((line) => line.includes('network.server_name'))).to.include('\'a = b; # c\'')
    game.write('quit')
    expect(await game.ended).to.equal(0)

    const { game: again } = await launch('openttd', { given, directory: game.directory })
    await whenReady(again, template)
    expect(again.lines.join('\n')).not.to.include('Generating map')
    again.write('quit')
    expect(await again.ended).to.equal(0)
  })

  it('notice that OpenTTD has not got its port', async function () {
    await requireGame(this, 'openttd')
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.add(() => server.close())
    const { template, game } = await launch('openttd', { given: { map_size: 6 }, ports: { game: (server.address() as AddressInfo).port } })
    const matcher = new LineMatcher(template)
    await game.line((line) => matcher.isFailure(line))
  })
})
