import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConsole, sendRcon } from '../../lib/link/messages/console.ts'
import { deleteInstance, setInstanceConfigField, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { listSlaves } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { failureOf } from '../helpers/failure-of.ts'

const stubborn = `
id: stubborn
name: Stubborn
program: { command: /bin/sh }
args: ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']
console: { input: none }
ready: { regex: '^ready$' }
stop: { signal: SIGTERM, grace_ms: 60000, term_grace_ms: 60000 }
`

describe('a slave that is away', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { templates: { 'stubborn.yaml': stubborn } }) })
  after(() => cleanups.run())

  async function started(name: string, template = 'sample'): Promise<number> {
    const { id } = await cluster.create(name, { template })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return id
  }

  /** How often the sample game says that it has begun. */
  async function beginnings(id: number): Promise<number> {
    const log = await readFile(join(cluster.instanceDirectory(id), 'data', 'sample.log'), 'utf8')
    return log.split('\n').filter((line) => line.startsWith('begin')).length
  }

  it('ends a request that it was killed in with an error, not a hang', async () => {
    const { id } = await cluster.create('unanswered', { variables: { start_delay_ms: 60_000 } })
    const start = failureOf(cluster.api(startInstance, { instance_id: id, wait: true }))
    await cluster.until(id, ({ status, pid }) => status === 'starting' && pid !== null)
    await cluster.slave().end('SIGKILL')
    expect(await start).to.include({ code: 'slave_gone' })
    expect(await cluster.state(id)).to.include({ status: 'unknown' })
    expect(await failureOf(cluster.api(startInstance, { instance_id: id }))).to.include({
      code: 'slave_not_connected', message: 'Slave containing instance is not connected',
    })
    await cluster.startSlave()
    await cluster.api(stopInstance, { instance_id: id, wait: true })
  })

  it('keeps its games running, and a restart finds the same processes, once each', async () => {
    const id = await started('outliving')
    const { pid, ports } = await cluster.state(id)
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const ended = await cluster.slave().end(signal)
      if (signal === 'SIGTERM') expect(ended.code).to.equal(0)
      await cluster.startSlave()
      expect(await cluster.until(id, ({ status }) => status === 'running')).to.deep.include({ pid, run: 1, ports })
    }
    expect(await beginnings(id)).to.equal(1)
    await cluster.api(sendRcon, { instance_id: id, command: 'say adopted' })
    await cluster.untilConsole(id, 'adopted')
  })

  it('knows that a game is ready whose ready line is not kept any more', async () => {
    const { id } = await cluster.create('talkative', { console_limit_bytes: 65_536 })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    await cluster.api(sendRcon, { instance_id: id, command: 'flood 50000' })
    await eventually(async () => expect((await cluster.api(readConsole, { instance_id: id, tail: 1 })).head).to.be.above(1_000), { deadlineMs: 10_000 })
    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ run: 1 })
  })

  it('learns how a game ended meanwhile and starts it again', async () => {
    const id = await started('ended-meanwhile')
    const { pid } = await cluster.state(id)
    await cluster.slave().end('SIGKILL')
    process.kill(pid ?? 0, 'SIGKILL')
    await cluster.startSlave()
    const state = await cluster.until(id, ({ status, run }) => status === 'running' && run === 2)
    expect(state.last_exit).to.include({ signal: 'SIGKILL' })
  })

  it('stops promptly in the middle of a long stop, which the next slave goes on with', async () => {
    const id = await started('long-stop', 'stubborn')
    const stop = failureOf(cluster.api(stopInstance, { instance_id: id, wait: true }))
    await cluster.until(id, ({ status }) => status === 'stopping')
    const ended = await cluster.slave().end('SIGTERM')
    expect(ended.code).to.equal(0)
    expect((await stop).code).to.be.oneOf(['slave_gone', 'shutting_down'])
    await cluster.startSlave()
    const { pid } = await cluster.until(id, ({ status }) => status === 'stopping')
    process.kill(pid ?? 0, 'SIGKILL')
    expect(await cluster.until(id, ({ status }) => status === 'stopped')).to.include({ desired: 'stopped' })
  })

  it('stops promptly while a game starts, which the next slave adopts', async () => {
    const { id } = await cluster.create('half-started', { variables: { start_delay_ms: 1_500 } })
    await cluster.api(startInstance, { instance_id: id })
    await cluster.slave().end('SIGTERM')
    await cluster.startSlave()
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ desired: 'running' })
    expect(await beginnings(id)).to.equal(1)
  })

  it('is told of what was changed and deleted meanwhile', async () => {
    const [kept, doomed] = [await started('kept'), await started('doomed')]
    await cluster.slave().end('SIGTERM')
    await cluster.untilConnected('east', false)
    await cluster.api(setInstanceConfigField, { instance_id: kept, field: 'name', value: 'renamed' })
    expect(await failureOf(cluster.api(deleteInstance, { instance_id: doomed }))).to.include({ code: 'slave_not_connected' })
    await cluster.api(deleteInstance, { instance_id: doomed, force: true })
    const { list: [slave] } = await cluster.api(listSlaves, {})
    const late = await cluster.create('late', { slave_id: slave?.id ?? 0 })
    const before = cluster.gameProcesses().length
    await cluster.startSlave()
    await eventually(() => expect(cluster.gameProcesses().length).to.be.below(before), { deadlineMs: 10_000, what: 'The end of the deleted game' })
    expect(await cluster.until(kept, ({ status }) => status === 'running')).to.include({ name: 'renamed' })
    expect(await failureOf(cluster.state(doomed)).catch(() => 'gone')).to.equal('gone')
    expect(await cluster.api(startInstance, { instance_id: late.id, wait: true })).to.deep.equal({ status: 'running' })
  })

  it('that hangs is noticed by its silence, and comes back by itself', async () => {
    const id = await started('frozen')
    cluster.slave().signal('SIGSTOP')
    try {
      await cluster.untilConnected('east', false)
      expect(await cluster.state(id)).to.include({ status: 'unknown' })
    } finally {
      cluster.slave().signal('SIGCONT')
    }
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ run: 1 })
  })

  it('stops the games with it when told so, and starts them again', async () => {
    const own = new Cleanups()
    try {
      const other = await TestCluster.start(own, { slaveArgs: ['--stop-games-on-exit'] })
      const { id } = await other.create('stopping')
      await other.api(startInstance, { instance_id: id, wait: true })
      expect((await other.slave().end('SIGTERM')).code).to.equal(0)
      expect(other.gameProcesses()).to.deep.equal([])
      await other.startSlave()
      expect(await other.until(id, ({ status }) => status === 'running')).to.include({ run: 2, desired: 'running' })
    } finally {
      await own.run()
    }
  })
})

describe('a master that is away', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { slaves: ['east', 'west'] }) })
  after(() => cleanups.run())

  it('is sought by its slaves, which say so once, and knows the state again when it is back', async () => {
    const { id } = await cluster.create('constant')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { pid, slave } = await cluster.state(id)
    const from = cluster.slave(slave ?? '').log.length
    await cluster.master.end('SIGKILL')
    await cluster.slave(slave ?? '').untilLog(/games go on, trying again/, from)
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await cluster.untilConnected('west', true)
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ pid, run: 1 })
    const warnings = cluster.slave(slave ?? '').log.slice(from).split('\n').filter((line) => /nothing listens|trying again/i.test(line))
    expect(warnings.length).to.be.within(1, 2)
  })

  it('is not needed by a slave that starts: its games are adopted, and those that crashed run again', async () => {
    const { id, slave } = await cluster.create('independent')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { pid } = await cluster.state(id)
    await cluster.master.end('SIGTERM')
    await cluster.slave(slave ?? '').end('SIGKILL')
    process.kill(pid ?? 0, 'SIGKILL')
    await cluster.startSlave(slave ?? '', { isMasterAway: true })
    await cluster.slave(slave ?? '').untilLog(/Run 1 has ended/)
    await cluster.startMaster()
    expect(await cluster.until(id, ({ status, run }) => status === 'running' && run === 2)).to.include({ desired: 'running' })
  })

  it('stops in order, and its slaves with it or without it', async () => {
    expect((await cluster.master.end('SIGTERM')).code).to.equal(0)
    expect((await cluster.slave('west').end('SIGINT')).code).to.equal(0)
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await cluster.startSlave('west')
  })

  it('gives a waiting start its answer, though the control lost its connection in between', async () => {
    const { id } = await cluster.create('patient', { variables: { start_delay_ms: 700 } })
    const control = await cluster.link()
    const answer = control.send(startInstance, { instance_id: id, wait: true })
    await cluster.until(id, ({ status }) => status === 'starting')
    control.drop()
    expect(await answer).to.deep.equal({ status: 'running' })
    expect(await cluster.state(id)).to.include({ run: 1 })
  })
})
