import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RequestOf, ResponseOf } from '../../lib/link/define.ts'
import type { drainSlave } from '../../lib/link/messages/slaves.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { SlaveState } from './slave-state.ts'
import type { Supervisor } from './supervisor.ts'

type Order = Omit<RequestOf<typeof drainSlave>, 'slave_id'>

const defaultGraceMs = 30_000

/**
 * Empties a slave before work on its host: nothing new is taken or started, and if asked, what runs is stopped after
 * its players were warned. What was wanted of each instance stays on record and is done again when draining ends.
 */
export class Drain {
  readonly #state: SlaveState
  readonly #supervisor: Supervisor
  readonly #log: Logger
  readonly #onChange: (isOn: boolean) => void
  #timer: NodeJS.Timeout | undefined
  /** Orders are obeyed one after the other: what is on record, in force and told is the same. */
  #obeyed: Promise<unknown> = Promise.resolve()

  constructor(state: SlaveState, supervisor: Supervisor, log: Logger, onChange: (isOn: boolean) => void) {
    this.#state = state
    this.#supervisor = supervisor
    this.#log = log
    this.#onChange = onChange
  }

  get isOn(): boolean {
    return this.#state.drain !== null
  }

  /** Goes on with what the slave before this one was told. */
  recover(): void {
    const { drain } = this.#state
    if (drain?.stops_at) this.#stopAt(Date.parse(drain.stops_at))
  }

  /** Obeys an order; the newest counts. Answers when it is on record. Throws `invalid_request`, `disk_full`. */
  async set(order: Order): Promise<ResponseOf<typeof drainSlave>> {
    if (!order.enabled && (order.stop || order.message !== undefined)) {
      throw new ClusterError('invalid_request', 'Draining can\'t be ended and stop games at once; leave out stop and message')
    }
    const obeyed = this.#obeyed.then(() => this.#obey(order))
    this.#obeyed = obeyed.catch(() => {})
    return obeyed
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  async #obey({ enabled, stop = false, message, grace_ms: graceMs = defaultGraceMs }: Order): Promise<ResponseOf<typeof drainSlave>> {
    const stopsAt = enabled && stop ? Date.now() + graceMs : undefined
    await this.#state.setDrain(enabled ? { stops_at: stopsAt === undefined ? null : new Date(stopsAt).toISOString() } : null)
    clearTimeout(this.#timer)
    this.#onChange(enabled)
    this.#log.info(enabled ? `The slave is being drained${stop ? `; its games are stopped in ${graceMs / 1_000} s` : ''}` : 'The slave is not drained any more')
    if (enabled) this.#supervisor.holdBack()
    else this.#supervisor.release()
    if (message !== undefined) this.#supervisor.announce(message)
    if (stopsAt !== undefined) this.#stopAt(stopsAt)
    const running = this.#supervisor.list().filter(({ activeRun }) => activeRun !== undefined).length
    return { draining: enabled, running, stops_at: stopsAt === undefined ? null : new Date(stopsAt).toISOString() }
  }

  #stopAt(time: number): void {
    this.#timer = setTimeout(() => this.#supervisor.evict(), Math.max(0, time - Date.now())).unref()
  }
}
