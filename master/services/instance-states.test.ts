import { expect } from 'chai'
import type { InstanceState } from '../../lib/link/messages/instances.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { InstanceRecord } from './instance-record.ts'
import { InstanceStates } from './instance-states.ts'

const record: InstanceRecord = {
  id: 1, name: 'arena', template: 'sample', slave_id: 1, variables: {}, ports: { game: 8_303 },
  restart_policy: 'on-failure', console_limit_bytes: 65_536, desired: 'stopped', created_with: null,
}

function running(desired: InstanceState['desired']): InstanceState {
  return { desired, status: 'running', run: 1, pid: 1, ports: { game: 1_234 }, started_at: null, players: [], last_exit: null, problem: null }
}

describe('InstanceStates', () => {
  async function made() {
    const instances = openMemoryStore().collection<InstanceRecord>('instances')
    await instances.put('1', record)
    return { instances, states: new InstanceStates(instances) }
  }

  it('put on record what was wanted last, however fast it changes', async () => {
    const { instances, states } = await made()
    states.set(1, running('running'))
    const first = states.record(1)
    states.set(1, running('stopped'))
    await Promise.all([first, states.record(1)])
    expect(instances.get('1')?.value.desired).to.equal('stopped')
  })

  it('put it on record though the configuration changes at the same moment, and keep that', async () => {
    const { instances, states } = await made()
    states.set(1, running('running'))
    await Promise.all([instances.put('1', { ...record, name: 'lobby' }), states.record(1)])
    expect(instances.get('1')?.value).to.include({ name: 'lobby', desired: 'running' })
  })

  it('show what was told while the slave is there, and what is on record while it is not', async () => {
    const { states } = await made()
    expect(states.shown(record, true)).to.include({ status: 'unknown', desired: 'stopped' }).and.deep.include({ ports: { game: 8_303 } })
    states.set(1, running('running'))
    expect(states.shown(record, true)).to.equal(states.told(1))
    expect(states.shown(record, false)).to.include({ status: 'unknown', desired: 'stopped' }).and.deep.include({ ports: { game: 1_234 } })
  })
})
