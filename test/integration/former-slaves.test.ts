import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { listInstances, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { listSlaves } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'

describe('an instance that is assigned to another slave', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { slaves: ['east', 'west'] }) })
  after(() => cleanups.run())

  async function ctl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cluster.ctl(...args)
    if (code !== 0) throw new Error(`ctl ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** Makes an instance that has played on east and is west's now. */
  async function moved(name: string): Promise<number> {
    await ctl('instance', 'create', name, '--template', 'sample', '--slave', 'east', '--start', '--wait')
    await ctl('instance', 'stop', name, '--wait')
    await ctl('instance', 'assign', name, 'west')
    return idOf(name)
  }

  async function idOf(name: string): Promise<number> {
    return (await cluster.api(listInstances, {})).list.find((instance) => instance.name === name)?.id ?? 0
  }

  async function ids(): Promise<number[]> {
    return (await cluster.api(listInstances, {})).list.map(({ id }) => id)
  }

  async function slaveId(name: string): Promise<number> {
    return (await cluster.api(listSlaves, {})).list.find((slave) => slave.name === name)?.id ?? 0
  }

  /** Restarts the master; resolves when what both slaves have brought is taken in. Gives what it has logged since. */
  async function restartMaster(): Promise<string> {
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    for (const slave of ['east', 'west']) {
      await cluster.untilConnected(slave, true)
      // Given to a slave when all that it has brought is taken in.
      const { id } = await cluster.create(`probe-${slave}`, { slave_id: await slaveId(slave) })
      await cluster.api(startInstance, { instance_id: id, wait: true })
      await ctl('instance', 'delete', `probe-${slave}`, '--yes')
    }
    return cluster.master.log
  }

  const here = (id: number): boolean[] => ['east', 'west'].map((slave) => existsSync(cluster.instanceDirectory(id, slave)))

  it('is deleted from both, and is not there again when the master is restarted', async () => {
    const id = await moved('mv1')
    expect(here(id)).to.deep.equal([true, true])
    expect(await ctl('instance', 'delete', 'mv1', '--yes')).to.equal('mv1: deleted\n')
    await eventually(() => expect(here(id)).to.deep.equal([false, false]), { what: 'The end of both copies' })
    expect(cluster.master.log).to.match(/mv1 \(\d+\) is deleted$/m).and.match(/mv1 .*is deleted from slave east as well/)
    await restartMaster()
    expect(await ids()).not.to.include(id)
  })

  it('is deleted from the former slave when that comes back, after restarts of the master, though its name is in use again', async () => {
    const id = await moved('mv2')
    await cluster.slave('east').end('SIGTERM')
    await cluster.untilConnected('east', false)
    await ctl('instance', 'delete', 'mv2', '--yes')
    expect(here(id)).to.deep.equal([true, false])
    const next = await cluster.create('mv2', { slave_id: 2 })
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.startSlave('east')
    await eventually(() => expect(here(id)).to.deep.equal([false, false]), { what: 'The end of the copy' })
    await eventually(() => expect(cluster.master.log).to.match(/mv2 .*is deleted from slave east as well/))
    expect(await ids()).to.include(next.id).and.not.to.include(id)
    expect(await restartMaster()).not.to.include('name is in use')
  })

  it('is deleted from a former slave that was removed and has joined anew', async () => {
    await cluster.addSlave('north')
    await ctl('instance', 'create', 'mv3', '--template', 'sample', '--slave', 'north')
    await ctl('instance', 'assign', 'mv3', 'west')
    const id = await idOf('mv3')
    await cluster.slave('north').end('SIGTERM')
    await cluster.untilConnected('north', false)
    await ctl('instance', 'delete', 'mv3', '--yes')
    expect(existsSync(cluster.instanceDirectory(id, 'north'))).to.equal(true)
    await ctl('slave', 'remove', 'north')
    await rm(join(cluster.directory, 'config-slave-north.json'))
    await cluster.joinSlave('north')
    await cluster.startSlave('north')
    await eventually(() => expect(existsSync(cluster.instanceDirectory(id, 'north'))).to.equal(false), { what: 'The end of the copy' })
    expect(await ids()).not.to.include(id)
  })

  it('leaves alone what a slave that joined anew before the deletion has, until that is deleted too', async () => {
    await ctl('instance', 'create', 'mv5', '--template', 'sample', '--slave', 'north')
    await ctl('instance', 'assign', 'mv5', 'west')
    const id = await idOf('mv5')
    await cluster.slave('north').end('SIGTERM')
    await ctl('slave', 'remove', 'north')
    await rm(join(cluster.directory, 'config-slave-north.json'))
    await cluster.addSlave('north')
    // Answered when all that the slave has brought is taken in.
    await cluster.api(startInstance, { instance_id: (await cluster.create('probe', { slave_id: await slaveId('north') })).id, wait: true })
    expect(cluster.master.log).not.to.match(/mv5.*brought in line/)
    expect(existsSync(cluster.instanceDirectory(id, 'north'))).to.equal(true)
    await ctl('instance', 'delete', 'mv5', '--yes')
    await eventually(() => expect(existsSync(cluster.instanceDirectory(id, 'north'))).to.equal(false), { what: 'The end of the copy' })
  })

  it('is told of once, and finds its data when it is assigned back', async () => {
    const id = await moved('mv4')
    expect(cluster.master.log).to.match(/mv4.*assigned to west.*east/)
    expect(await restartMaster()).not.to.match(/WARN|mv4/i)
    expect(here(id)).to.deep.equal([true, true])
    await ctl('instance', 'assign', 'mv4', 'east')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    expect(await cluster.state(id)).to.include({ slave: 'east', status: 'running', run: 2 })
    const log = await readFile(join(cluster.instanceDirectory(id), 'data', 'sample.log'), 'utf8')
    expect(log.split('\n').filter((line) => line.startsWith('begin')).length).to.equal(2)
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    await ctl('instance', 'delete', 'mv4', '--yes')
    await eventually(() => expect(here(id)).to.deep.equal([false, false]), { what: 'The end of both copies' })
  })
})
