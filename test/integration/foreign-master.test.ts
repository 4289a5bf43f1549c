import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { BaseSlave, configOf } from '../helpers/base-slave.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { eventually } from '../helpers/eventually.ts'
import { ForeignMaster } from '../helpers/foreign-master.ts'
import type { ForeignPeer } from '../helpers/foreign-peer.ts'
import { requireGame } from '../helpers/games.ts'
import { Program, runToEnd } from '../helpers/program.ts'

interface Game {
  readonly template: string
  readonly program: string
  readonly line: readonly [command: string, answer: string]
}

const games: Game[] = [
  { template: 'teeworlds', program: 'teeworlds-server', line: ['say hello from afar', 'hello from afar'] },
  { template: 'openttd', program: 'openttd', line: ['say "hello from afar"', 'hello from afar'] },
]

describe('a foreign master with our slave and our ctl', () => {
  const cleanups = new Cleanups()
  let master: ForeignMaster
  let slave: BaseSlave
  before(async () => {
    master = await ForeignMaster.start(cleanups)
    slave = await BaseSlave.start(cleanups, master)
    await master.untilSlave(7)
  })
  after(() => cleanups.run())
  afterEach(() => expect(master.faults).to.deep.equal([]))

  const env = (): Record<string, string> => ({ CORRAL_URL: master.url, CORRAL_TOKEN: master.token, CORRAL_DIALECT: 'base' })

  /** Runs ctl and gives what it prints. Throws what it complains about. */
  async function ctl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runToEnd('ctl', args, { cwd: slave.directory, env: env() })
    if (code !== 0) throw new Error(`ctl ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** How often the sample game says that it has begun. */
  async function beginnings(id: number): Promise<number> {
    const log = await readFile(join(slave.instanceDirectory(id), 'data', 'sample.log'), 'utf8')
    return log.split('\n').filter((line) => line.startsWith('begin')).length
  }

  function lines({ frames }: ForeignPeer): unknown[] {
    return frames.filter(({ type }) => type === 'instance_output_event').map(({ data }) => (data.output as Record<string, unknown>).message)
  }

  async function untilReconnected(before = slave.peer): Promise<void> {
    await master.untilSlave(7, before)
  }

  it('works like a cluster of one make, from creation to deletion', async () => {
    expect(await ctl('instance', 'create', 'web', '--template', 'sample', '--slave', 'east')).to.equal('web: created on east\n')
    const follower = new Program('ctl', ['instance', 'console', 'web'], { cwd: slave.directory, env: env() })
    cleanups.add(() => follower.end('SIGKILL'))
    await eventually(() => expect(master.peers.some(({ frames }) => frames.some(({ type }) => type.startsWith('set_instance_output')))).to.equal(true), { deadlineMs: 10_000 })
    expect(await ctl('instance', 'start', 'web')).to.equal('web: running\n')
    await eventually(() => expect(follower.output).to.match(/\[ready\] web is ready/))
    expect(await ctl('instance', 'send', 'web', 'echo', 'over', 'there')).to.equal('over there\n')
    await eventually(() => expect(follower.output).to.match(/^over there$/m))
    expect(await ctl('instance', 'save', 'web')).to.equal('web: saved\n')
    expect(await ctl('instance', 'config', 'set', 'web', 'variables.server_name', 'renamed')).to.match(/^web: variables.server_name is set/)
    expect(await ctl('instance', 'stop', 'web')).to.equal('web: stopped\n')
    expect(await ctl('instance', 'start', 'web')).to.equal('web: running\n')
    await eventually(() => expect(follower.output).to.match(/\[ready\] renamed is ready/))
    expect(await ctl('instance', 'delete', 'web', '--yes')).to.equal('web: deleted\n')
    expect(slave.gameProcesses()).to.deep.equal([])
    expect((await follower.end('SIGINT')).code).to.equal(130)
  })

  it('finds its games again after a kill -9 of the slave, the same processes, once each', async () => {
    await master.assign(7, configOf(1, 'outliving', null, { template: 'sample' }))
    await slave.peer.ask('start_instance', { instance_id: 1 })
    const games = slave.gameProcesses()
    for (let round = 0; round < 3; round += 1) {
      const before = slave.peer
      await slave.program.end('SIGKILL')
      await slave.run()
      await untilReconnected(before)
      expect(slave.gameProcesses()).to.deep.equal(games)
    }
    expect(await slave.peer.ask('send_rcon', { instance_id: 1, command: 'echo still here' })).to.deep.equal({ result: 'still here' })
    expect(await beginnings(1)).to.equal(1)
  })

  it('answers what is asked at once with what was asked, each', async () => {
    const asked = ['one', 'two', 'three'].map((word) => slave.peer.ask('send_rcon', { instance_id: 1, command: `echo ${word}` }))
    expect(await Promise.all(asked)).to.deep.equal([{ result: 'one' }, { result: 'two' }, { result: 'three' }])
  })

  it('keeps its games running while the master is away, and tells what they printed meanwhile', async () => {
    const before = slave.peer
    await master.stop()
    const [game = 0] = slave.gameProcesses()
    await writeFile(`/proc/${game}/fd/0`, 'echo printed alone\n')
    await master.listen()
    await untilReconnected(before)
    await eventually(() => expect(lines(slave.peer)).to.deep.equal(['printed alone']))
  })

  it('starts games again that crash while the master is away, and tells what they printed', async () => {
    const before = slave.peer
    await master.stop()
    const [game = 0] = slave.gameProcesses()
    process.kill(game, 'SIGKILL')
    await eventually(async () => expect(await beginnings(1)).to.equal(2), { deadlineMs: 10_000 })
    await master.listen()
    await untilReconnected(before)
    await eventually(() => expect(lines(slave.peer).join('\n')).to.match(/\[ready\] outliving is ready/))
    expect(await slave.peer.ask('send_rcon', { instance_id: 1, command: 'echo back' })).to.deep.equal({ result: 'back' })
    await slave.peer.ask('stop_instance', { instance_id: 1 })
    expect(await beginnings(1)).to.equal(2)
  })

  it('is told by a new master what it has, which is adopted as it is', async () => {
    const before = slave.peer
    master.instances.clear()
    master.cut()
    await untilReconnected(before)
    await eventually(() => expect(master.instances.get(1)?.groups).to.deep.equal(configOf(1, 'outliving', 7, { template: 'sample' })))
  })

  for (const { template, program, line: [command, answer] } of games) {
    it(`runs ${template}: starts, takes commands, survives its slave and stops in order`, async function () {
      this.timeout(60_000)
      await requireGame(this, program)
      const id = 100 + games.findIndex((game) => game.template === template)
      await master.assign(7, configOf(id, `a ${template} server`, null, { template }))
      await slave.peer.ask('start_instance', { instance_id: id })
      // A console that opens after the ready line is tried again.
      await eventually(async () => expect((await slave.peer.ask('send_rcon', { instance_id: id, command })).result).to.include(answer), { deadlineMs: 10_000 })
      const before = slave.peer
      const processes = slave.gameProcesses()
      await slave.program.end('SIGKILL')
      await slave.run()
      await untilReconnected(before)
      expect(slave.gameProcesses()).to.deep.equal(processes)
      // The password of its console was made up here and is known to nobody else.
      await eventually(async () => expect((await slave.peer.ask('send_rcon', { instance_id: id, command })).result).to.include(answer), { deadlineMs: 10_000 })
      await slave.peer.ask('stop_instance', { instance_id: id })
      expect(slave.gameProcesses()).to.deep.equal([])
    })
  }
})
