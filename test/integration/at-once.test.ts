import { expect } from 'chai'
import { createInstance, deleteInstance, getInstanceConfig, listInstances, setInstanceConfigField } from '../../lib/link/messages/instances.ts'
import { createJoinToken, joinSlave, listSlaves, removeSlave } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'

describe('requests at the same time', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { slaves: ['east', 'west'] }) })
  after(() => cleanups.run())

  const codeOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'ok', (error: { code: string }) => error.code)

  it('place instances evenly', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, index) => cluster.create(`placed-${index}`)))
    const { list } = await cluster.api(listInstances, {})
    expect(list.filter(({ slave }) => slave === 'east')).to.have.length(5)
  })

  it('each change a configuration as the one before has left it, and only what is refused is taken back', async () => {
    await cluster.create('owner', { slave_id: 1, ports: { game: 29_999 } })
    const { id } = await cluster.create('changed', { slave_id: 1 })
    const control = await cluster.link()
    const set = (field: string, value: string): Promise<string> => codeOf(control.send(setInstanceConfigField, { instance_id: id, field, value }))
    // The slave looks at none of them before all are there.
    cluster.slave().signal('SIGSTOP')
    const answers = [set('ports.game', '29999'), set('ports.game', '28888'), set('ports.game', '29999'), set('variables.server_name', 'Renamed')]
    await control.send(listInstances, {})
    cluster.slave().signal('SIGCONT')
    expect(await Promise.all(answers)).to.deep.equal(['port_taken', 'ok', 'port_taken', 'ok'])
    const { config } = await cluster.api(getInstanceConfig, { instance_id: id })
    expect(config.ports).to.deep.equal({ game: 28_888 })
    expect(config.variables.server_name).to.equal('Renamed')
    expect((await cluster.state(id)).ports).to.deep.equal({ game: 28_888 })
  })

  it('leave no instance with a slave that was removed', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const { token } = await cluster.api(createJoinToken, {})
      const { id } = await cluster.api(joinSlave, { name: `brief-${round}` }, { token })
      const [created, removed] = await Promise.all([
        codeOf(cluster.api(createInstance, { name: `orphan-${round}`, template: 'sample', slave_id: id })),
        codeOf(cluster.api(removeSlave, { slave_id: id })),
      ])
      const isRemoved = !(await cluster.api(listSlaves, {})).list.some((slave) => slave.id === id)
      const isMade = (await cluster.api(listInstances, {})).list.some(({ name }) => name === `orphan-${round}`)
      expect({ isRemoved, isMade, created, removed }).to.be.deep.oneOf([
        { isRemoved: true, isMade: false, created: 'not_found', removed: 'ok' },
        { isRemoved: true, isMade: false, created: 'wrong_state', removed: 'ok' },
        { isRemoved: false, isMade: true, created: 'ok', removed: 'conflict' },
      ])
    }
  })

  it('do not give a slave back what it has just deleted', async () => {
    const { id } = await cluster.create('gone', { slave_id: 1 })
    const control = await cluster.link()
    cluster.slave().signal('SIGSTOP')
    const deleted = control.send(deleteInstance, { instance_id: id })
    const changed = failureOf(control.send(setInstanceConfigField, { instance_id: id, field: 'variables.server_name', value: 'x' }))
    await control.send(listInstances, {})
    cluster.slave().signal('SIGCONT')
    await deleted
    expect(await changed).to.include({ code: 'not_found' })
    await cluster.slave().end('SIGTERM')
    await cluster.startSlave()
    expect((await cluster.api(listInstances, {})).list.map(({ name }) => name)).not.to.include('gone')
  })
})
