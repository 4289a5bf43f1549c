import { expect } from 'chai'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { startGame, whenReady, type GameOptions, type GameProcess } from '../../test/helpers/game-process.ts'
import { builtInTemplates, loadTemplates } from './load.ts'

describe('the sample game', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const start = async (options: GameOptions = {}, isToBeReady = true): Promise<GameProcess> => {
    const { templates } = await loadTemplates([builtInTemplates])
    const template = templates.get('sample')
    if (template === undefined) throw new Error('no sample template')
    const game = await startGame(cleanups, template, options)
    if (isToBeReady) await whenReady(game, template)
    return game
  }
  const log = (game: GameProcess): Promise<string> => readFile(join(game.directory, 'sample.log'), 'utf8')

  it('becomes ready, obeys its console and says goodbye', async () => {
    const game = await start()
    for (const command of ['say hello: there', 'join alice', 'chat alice hi all', 'players', 'leave alice', 'leave alice', 'echo a b', 'dance', 'quit']) game.write(command)
    expect(await game.ended).to.equal(0)
    expect(game.lines.slice(1)).to.deep.equal([
      `[ready] arena is ready on port ${game.ports.game}`,
      '[chat] <server>: hello: there', '[join] alice', '[chat] alice: hi all', '[players] 1: alice', '[leave] alice', '[error] no player alice', 'a b',
      '[error] unknown command dance; known are say, save, chat, join, leave, players, echo, flood, longline, binary, quit, crash, hang',
      'Goodbye (quit)',
    ])
    expect(await log(game)).to.match(/^begin (\d+) \S+\nend \1 \S+ 0\n$/)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 on ${signal}`, async () => {
      const game = await start()
      game.kill(signal)
      expect(await game.ended).to.equal(0)
      expect(game.lines.at(-1)).to.equal(`Goodbye (${signal})`)
    })
  }

  it('crashes with the code that it is told', async () => {
    const game = await start()
    game.write('crash 42')
    expect(await game.ended).to.equal(42)
    expect(await log(game)).to.match(/end \d+ \S+ 42\n$/)
  })

  it('hangs so that only SIGKILL helps', async () => {
    const game = await start()
    game.write('hang')
    await game.line((line) => line.startsWith('[hang]'))
    game.kill('SIGTERM')
    game.kill('SIGINT')
    game.write('quit')
    game.kill('SIGKILL')
    expect(await game.ended).to.equal('SIGKILL')
    expect(game.lines.join('\n')).not.to.include('Goodbye')
    expect(await log(game)).not.to.include('end')
  })

  it('loses no line of a flood', async () => {
    const game = await start()
    game.write('flood 50000')
    await game.line((line) => line === '[flood] 50000 lines done')
    const lines = game.lines.filter((line) => line.startsWith('flood '))
    expect(lines).to.have.length(50_000)
    lines.forEach((line, i) => { if (line !== `flood ${i + 1} of 50000`) throw new Error(`line ${i}: ${line}`) })
  })

  it('prints long lines', async () => {
    const game = await start()
    game.write('longline 100000')
    expect(await game.line((line) => line.startsWith('xxx'))).to.have.length(100_000)
  })

  it('fails clearly when its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.add(() => server.close())
    const { port } = server.address() as AddressInfo
    const game = await start({ ports: { game: port } }, false)
    expect(await game.ended).to.equal(1)
    expect(game.lines.at(-1)).to.equal(`[error] cannot listen on port ${port}: EADDRINUSE`)
  })

  it('takes its time when it is told to, and crashes on start when it is told to', async () => {
    const began = performance.now()
    await start({ given: { start_delay_ms: 300 } })
    expect(performance.now() - began).to.be.greaterThan(290)
    const game = await start({ given: { crash_on_start: true } }, false)
    expect(await game.ended).to.equal(1)
    expect(game.lines.at(-1)).to.equal('[error] crash_on_start is set')
  })
})
