import { expect } from 'chai'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { drainSlave, listSlaves } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'

describe('a slave that is drained', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  beforeEach(async () => { cluster = await TestCluster.start(cleanups) })
  afterEach(() => cleanups.run())

  async function started(name: string): Promise<{ id: number; pid: number }> {
    const { id } = await cluster.create(name)
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return { id, pid: (await cluster.state(id)).pid ?? 0 }
  }

  it('leaves what runs alone, takes and starts nothing, remembers it over a kill, and ends it when told', async () => {
    const { id, pid } = await started('runs')
    const { id: idle } = await cluster.create('idle')
    expect(await cluster.api(drainSlave, { slave_id: 1, enabled: true })).to.deep.equal({ draining: true, running: 1, stops_at: null })

    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    expect((await cluster.api(listSlaves, {})).list[0]?.draining).to.equal(true)
    expect((await failureOf(cluster.create('another'))).code).to.equal('slave_not_connected')
    expect((await failureOf(cluster.create('another', { slave_id: 1 }))).code).to.equal('wrong_state')
    expect((await failureOf(cluster.api(startInstance, { instance_id: idle }))).code).to.equal('wrong_state')
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ pid })

    await cluster.api(drainSlave, { slave_id: 1, enabled: false })
    await cluster.api(startInstance, { instance_id: idle, wait: true })
    await cluster.create('another')
  })

  it('warns players, stops the games after the grace though it was killed meanwhile, and starts them when draining ends', async () => {
    const { id } = await started('busy')
    await cluster.api(drainSlave, { slave_id: 1, enabled: true, stop: true, message: 'new disks in a moment', grace_ms: 1_500 })
    await cluster.untilConsole(id, '[chat] <server>: new disks in a moment')
    expect(await cluster.state(id)).to.include({ status: 'running' })
    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    const stopped = await cluster.until(id, ({ status }) => status === 'stopped')
    expect(stopped).to.include({ desired: 'running', problem: 'The slave is being drained; it is started when that ends' })
    expect(cluster.gameProcesses()).to.deep.equal([])
    expect(await cluster.untilConsole(id, 'Goodbye (quit)')).to.include('Goodbye (quit)')

    await cluster.slave().end('SIGTERM')
    await cluster.startSlave()
    expect(await cluster.state(id)).to.include({ status: 'stopped', desired: 'running' })
    await cluster.api(drainSlave, { slave_id: 1, enabled: false })
    await cluster.until(id, ({ status }) => status === 'running')
  })

  it('forgets to stop its games when draining ends before the grace', async () => {
    const { id, pid } = await started('lucky')
    await cluster.api(drainSlave, { slave_id: 1, enabled: true, stop: true, grace_ms: 700 })
    await cluster.api(drainSlave, { slave_id: 1, enabled: false })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(await cluster.state(id)).to.include({ status: 'running', pid, problem: null })
    expect((await failureOf(cluster.api(drainSlave, { slave_id: 1, enabled: false, stop: true }))).code).to.equal('invalid_request')
    expect((await failureOf(cluster.api(drainSlave, { slave_id: 7, enabled: true }))).code).to.equal('not_found')
  })
})
