import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { killInstance, restartInstance, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { requireGame } from '../helpers/games.ts'

interface Game {
  readonly template: string
  readonly program: string
  /** A console line and what the game prints for it; none for games without a console. */
  readonly line?: readonly [command: string, answer: string]
}

const games: Game[] = [
  { template: 'teeworlds', program: 'teeworlds-server', line: ['say hello from the test', 'hello from the test'] },
  { template: 'openttd', program: 'openttd', line: ['say "hello from the test"', 'hello from the test'] },
  { template: 'minetest', program: 'minetestserver' },
]

describe('real games', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  for (const { template, program, line } of games) {
    it(`${template} starts, takes commands, survives its slave and stops in order`, async function () {
      this.timeout(60_000)
      await requireGame(this, program)
      const { id } = await cluster.create(template, { template })
      expect(await cluster.api(startInstance, { instance_id: id, wait: true }, { deadlineMs: 60_000 })).to.deep.equal({ status: 'running' })
      if (line) {
        // A console that opens after the ready line is tried again.
        await eventually(() => cluster.api(sendRcon, { instance_id: id, command: line[0] }), { deadlineMs: 10_000 })
        await cluster.untilConsole(id, line[1])
      }
      const { pid } = await cluster.state(id)
      await cluster.slave().end('SIGKILL')
      await cluster.startSlave()
      expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ pid, run: 1 })
      expect(await cluster.api(stopInstance, { instance_id: id, wait: true }, { deadlineMs: 60_000 })).to.deep.equal({ status: 'stopped' })
      expect((await cluster.state(id)).last_exit).to.include({ code: 0, signal: null })
    })
  }

  it('teeworlds is started again at once, however it ended', async function () {
    this.timeout(60_000)
    await requireGame(this, 'teeworlds-server')
    const { id } = await cluster.create('again', { template: 'teeworlds' })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { ports } = await cluster.state(id)
    for (let count = 0; count < 3; count += 1) {
      expect(await cluster.api(restartInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    }
    await cluster.api(killInstance, { instance_id: id })
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    const { pid } = await cluster.state(id)
    process.kill(pid ?? 0, 'SIGKILL')
    expect(await cluster.until(id, ({ status, pid: now }) => status === 'running' && now !== pid)).to.deep.include({ run: 6, ports })
    await cluster.api(stopInstance, { instance_id: id, wait: true })
  })

  it('sample counts its players, also after a restart of its slave', async () => {
    const { id } = await cluster.create('players')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    for (const command of ['join alice', 'join bob', 'leave alice']) await cluster.api(sendRcon, { instance_id: id, command })
    await cluster.until(id, ({ players }) => players.join() === 'bob')
    await cluster.slave().end('SIGTERM')
    await cluster.startSlave()
    await cluster.until(id, ({ players, status }) => players.join() === 'bob' && status === 'running')
    await cluster.api(restartInstance, { instance_id: id, wait: true })
    expect((await cluster.state(id)).players).to.deep.equal([])
  })
})
