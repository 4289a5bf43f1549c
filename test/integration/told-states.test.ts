import { expect } from 'chai'
import { defaultChannelSettings } from '../../lib/link/channel.ts'
import { LinkClient } from '../../lib/link/client.ts'
import type { Link } from '../../lib/link/link.ts'
import { getTemplate } from '../../lib/link/messages/cluster.ts'
import { messages } from '../../lib/link/messages/index.ts'
import { assignInstance, instanceStateChanged, updateInstances } from '../../lib/link/messages/instances.ts'
import type { Assignment, InstanceState } from '../../lib/link/messages/instances.ts'
import { createJoinToken, joinSlave } from '../../lib/link/messages/slaves.ts'
import { Registry } from '../../lib/link/registry.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'

function state(status: InstanceState['status']): InstanceState {
  return { desired: 'running', status, run: 1, pid: 1, ports: { game: 1_234 }, started_at: null, players: [], last_exit: null, problem: null }
}

describe('the state that a slave tells', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let link: Link
  before(async () => {
    cluster = await TestCluster.start(cleanups, { slaves: [] })
    const { template } = await cluster.api(getTemplate, { template: 'sample' })
    const { token } = await cluster.api(createJoinToken, {})
    const me = await cluster.api(joinSlave, { name: 'quick' }, { token })
    const brought: Assignment = { id: 77, name: 'brought', variables: {}, ports: {}, restart_policy: 'on-failure', console_limit_bytes: 65_536, template }
    const client = new LinkClient({
      url: cluster.url, dialect: 'session', registry: new Registry(Object.values(messages)), settings: defaultChannelSettings,
      registration: { role: 'slave', token: me.token, agent: 'test', version: '2.0.0', id: me.id, name: 'quick' },
      owner: {
        answer: async (definition, request) => {
          if (definition.type !== assignInstance.type) return {}
          const { instance } = request.data.value as { instance: Assignment }
          // Right behind the answer, which leaves before this turn's microtasks are done: the master hears both at once.
          queueMicrotask(() => process.nextTick(() => link.emit(instanceStateChanged, { instance_id: instance.id, state: state('running') })))
          return { state: state('starting') }
        },
        accept: () => {},
      },
      onLink: (begun) => {
        link = begun
        link.emit(updateInstances, { instances: [{ instance: brought, state: state('starting') }], draining: false, data_directory_id: 'd1' })
        link.emit(instanceStateChanged, { instance_id: 77, state: state('running') })
      },
    })
    cleanups.add(() => client.close('quit'))
    await client.connect()
  })
  after(() => cleanups.run())

  it('holds though it comes while the instance is still being taken in', async () => {
    expect((await cluster.until(77, ({ status }) => status !== 'unknown')).status).to.equal('running')
  })

  it('is not put back by the answer to an assignment that was given before', async () => {
    const { id } = await cluster.create('fresh')
    expect((await cluster.until(id, ({ status }) => status !== 'unknown')).status).to.equal('running')
    link.emit(instanceStateChanged, { instance_id: id, state: state('stopping') })
    expect((await cluster.until(id, ({ status }) => status === 'stopping')).desired).to.equal('running')
  })
})
