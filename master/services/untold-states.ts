import { setTimeout as delay } from 'node:timers/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { InstanceState } from '../../lib/link/messages/instances.ts'
import { isAbsence } from '../slave-error.ts'
import type { InstanceService } from './instances.ts'

type Status = InstanceState['status']
interface Change { readonly during: Status; readonly after: Status; readonly desired: InstanceState['desired'] }

const changes: Readonly<Record<string, Change>> = {
  start_instance: { during: 'starting', after: 'running', desired: 'running' },
  stop_instance: { during: 'stopping', after: 'stopped', desired: 'stopped' },
}

/** Who does not wait until it is done gets an answer after this long. */
const defaultPatienceMs = 5_000

type Instances = Pick<InstanceService, 'get' | 'state' | 'setState'>

/**
 * States of instances whose slaves do not tell them: what follows from answers to starts and stops, and from output
 * of a game of which nothing was known. While such a slave is away, and when it comes back, they are unknown.
 */
export class UntoldStates {
  readonly #instances: Instances
  readonly #patienceMs: number

  constructor(instances: Instances, patienceMs = defaultPatienceMs) {
    this.#instances = instances
    this.#patienceMs = patienceMs
  }

  /** Follows a request to such a slave, and gives its answer; for a start or stop that nobody waits for, what is known after a while. */
  async during(type: string, instanceId: number, waits: boolean, answer: Promise<unknown>): Promise<unknown> {
    const change = changes[type]
    if (!change) return answer
    answer.catch(() => {})
    const before = this.#stateOf(instanceId)
    const during = await this.#set(instanceId, change.during, change.desired)
    const done = answer.then(
      async (data) => {
        await this.#set(instanceId, change.after, change.desired)
        return data
      },
      async (error: unknown) => {
        // How far it came is not known; what was refused has not begun.
        if (isInDoubt(error)) await this.#set(instanceId, 'unknown')
        else if (before && this.#stateOf(instanceId) === during) await this.#instances.setState(instanceId, before)
        throw error
      },
    )
    if (waits) return done
    done.catch(() => {})
    const patience = new AbortController()
    const first = await Promise.race([done, delay(this.#patienceMs, { status: change.during }, { signal: patience.signal }).catch(() => undefined)])
    patience.abort()
    return first
  }

  /** A game printed something. */
  printed(instanceId: number): void {
    const record = this.#instances.get(instanceId)
    if (!record || this.#instances.state(record).status !== 'unknown') return
    this.#set(instanceId, 'running', 'running').catch(() => {})
  }

  #stateOf(instanceId: number): InstanceState | undefined {
    const record = this.#instances.get(instanceId)
    return record && this.#instances.state(record)
  }

  async #set(instanceId: number, status: Status, wanted?: InstanceState['desired']): Promise<InstanceState | undefined> {
    const record = this.#instances.get(instanceId)
    if (!record) return undefined
    const desired = wanted ?? record.desired
    const startedAt = status === 'running' ? new Date().toISOString() : null
    const state = { ...this.#instances.state(record), desired, status, started_at: startedAt }
    await this.#instances.setState(instanceId, state)
    return state
  }
}

/** Whether the slave may have done it although it did not say so. */
function isInDoubt(error: unknown): boolean {
  const known = ClusterError.from(error)
  return isAbsence(known) || known.code === 'slave_gone'
}
