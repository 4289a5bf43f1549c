import { setTimeout as delay } from 'node:timers/promises'
import type { InstanceState } from '../../lib/link/messages/instances.ts'
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
    await this.#set(instanceId, change.during, change.desired)
    const done = answer.then(
      async (data) => {
        await this.#set(instanceId, change.after, change.desired)
        return data
      },
      async (error: unknown) => {
        // How far it came is not known.
        await this.#set(instanceId, 'unknown')
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

  async #set(instanceId: number, status: Status, wanted?: InstanceState['desired']): Promise<void> {
    const record = this.#instances.get(instanceId)
    if (!record) return
    const desired = wanted ?? record.desired
    const startedAt = status === 'running' ? new Date().toISOString() : null
    await this.#instances.setState(instanceId, { ...this.#instances.state(record), desired, status, started_at: startedAt })
  }
}
