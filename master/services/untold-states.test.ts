import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { InstanceState } from '../../lib/link/messages/instances.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import type { InstanceRecord } from './instance-record.ts'
import { UntoldStates } from './untold-states.ts'

const nothing: InstanceState = {
  desired: 'stopped', status: 'unknown', run: null, pid: null, ports: {}, started_at: null, players: [], last_exit: null, problem: null,
}

/** One instance, and every state that it was given. */
function oneInstance() {
  let state = nothing
  const told: string[] = []
  const record = { id: 1, desired: 'stopped' } as InstanceRecord
  const instances = {
    get: (id: number) => (id === 1 ? record : undefined),
    state: () => state,
    setState: async (_id: number, next: InstanceState) => {
      state = next
      told.push(`${next.status}, wanted ${next.desired}`)
    },
  }
  return { instances, told }
}

describe('UntoldStates', () => {
  it('follows a start and a stop to their ends', async () => {
    const { instances, told } = oneInstance()
    const states = new UntoldStates(instances)
    expect(await states.during('start_instance', 1, true, Promise.resolve('started'))).to.equal('started')
    expect(await states.during('stop_instance', 1, true, Promise.resolve('stopped'))).to.equal('stopped')
    expect(told).to.deep.equal(['starting, wanted running', 'running, wanted running', 'stopping, wanted stopped', 'stopped, wanted stopped'])
  })

  it('knows nothing after a failure that leaves it in doubt, and passes it on', async () => {
    for (const code of ['slave_gone', 'deadline', 'link_closed'] as const) {
      const { instances, told } = oneInstance()
      const failure = failureOf(new UntoldStates(instances).during('start_instance', 1, true, Promise.reject(new ClusterError(code, 'No'))))
      expect(await failure).to.include({ message: 'No' })
      expect(told.at(-1)).to.match(/^unknown/)
    }
  })

  it('are after a refusal what they were before, unless something else was told', async () => {
    const { instances, told } = oneInstance()
    const states = new UntoldStates(instances)
    await states.during('stop_instance', 1, true, Promise.resolve())
    await failureOf(states.during('start_instance', 1, true, Promise.reject(new ClusterError('peer_refused', 'No'))))
    expect(told.slice(-2)).to.deep.equal(['starting, wanted running', 'stopped, wanted stopped'])
    let refuse: (error: Error) => void = () => {}
    const refused = failureOf(states.during('start_instance', 1, true, new Promise((_resolve, reject) => { refuse = reject })))
    await states.during('start_instance', 1, true, Promise.resolve())
    refuse(new ClusterError('peer_refused', 'Already running'))
    await refused
    expect(told.at(-1)).to.equal('running, wanted running')
  })

  it('answers who does not wait before it is done, and goes on following', async () => {
    const { instances, told } = oneInstance()
    const states = new UntoldStates(instances, 5)
    let finish: () => void = () => {}
    const work = new Promise<void>((resolve) => { finish = resolve })
    expect(await states.during('start_instance', 1, false, work)).to.deep.equal({ status: 'starting' })
    finish()
    await work
    await new Promise(setImmediate)
    expect(told.at(-1)).to.equal('running, wanted running')
    expect(await failureOf(states.during('stop_instance', 1, false, Promise.reject(new ClusterError('peer_refused', 'No'))))).to.include({ message: 'No' })
  })

  it('takes output for a sign of life only where nothing was known', async () => {
    const { instances, told } = oneInstance()
    const states = new UntoldStates(instances)
    states.printed(1)
    states.printed(2)
    expect(told).to.deep.equal(['running, wanted running'])
    await states.during('stop_instance', 1, true, Promise.resolve())
    states.printed(1)
    expect(told.at(-1)).to.equal('stopped, wanted stopped')
  })

  it('leaves alone what changes no state', async () => {
    const { instances, told } = oneInstance()
    expect(await new UntoldStates(instances).during('send_rcon', 1, false, Promise.resolve('said'))).to.equal('said')
    expect(told).to.deep.equal([])
  })
})
