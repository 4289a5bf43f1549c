import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { defaultDeadlineMs } from '../../lib/link/define.ts'
import type { EventOf } from '../../lib/link/define.ts'
import { eventMessage } from '../../lib/link/link.ts'
import type { Link } from '../../lib/link/link.ts'
import type { EventMessage } from '../../lib/link/message.ts'
import { instanceOutput, instanceOutputCut, readConsole } from '../../lib/link/messages/console.ts'
import { check } from '../../lib/link/validate.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { withDeadline } from '../../lib/net/with-deadline.ts'
import type { InstanceService } from './instances.ts'
import { ConsoleBacklog } from './console-backlog.ts'
import { ConsoleOrders } from './console-orders.ts'
import type { SlaveService } from './slaves.ts'
import type { UntoldStates } from './untold-states.ts'

interface Parts {
  readonly instances: InstanceService
  readonly slaves: SlaveService
  readonly untoldStates: UntoldStates
  readonly log: Logger
  /** A follower with more than this waiting to be sent is skipped until it has caught up. */
  readonly maxBufferedBytes: number
}

type Place = Pick<EventOf<typeof instanceOutputCut>, 'run' | 'offset'>

interface Follower {
  readonly link: Link
  instanceIds: ReadonlySet<number>
  /** Instances whose output was left out for it, and where that began. */
  readonly cut: Map<number, Place>
}

type OutputListener = (output: EventOf<typeof instanceOutput>['output']) => void

const drainCheckMs = 100

/**
 * Who follows which console. A slave sends the output of an instance once, however many follow it, and only while
 * somebody does; here it is fanned out, encoded once. A follower that is slow misses output, is told so, and reads
 * what it missed by offset; it delays nobody.
 */
export class ConsoleService {
  /** For consoles that no slave can be asked for. */
  readonly backlog = new ConsoleBacklog()
  readonly #parts: Parts
  readonly #followers = new Map<Link, Follower>()
  readonly #byInstance = new Map<number, Set<Follower>>()
  readonly #listeners = new Map<number, Set<OutputListener>>()
  readonly #orders: ConsoleOrders
  #drainTimer: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#orders = new ConsoleOrders({
      link: (slaveId) => parts.slaves.link(slaveId),
      wanted: (slaveId) => parts.instances.assignedTo(slaveId).map(({ id }) => id).filter((id) => this.#byInstance.has(id) || this.#listeners.has(id)),
      toldLate: (slaveId) => this.#cutAll(slaveId),
      log: parts.log,
    })
    parts.instances.onChange((id) => {
      if (!parts.instances.get(id)) this.backlog.forget(id)
    })
  }

  /**
   * Replaces the set of consoles that a control follows. Resolves when the slaves that have them know; one that is away is
   * told when it is back, and the control of what it may have missed. Throws `deadline` where a slave can't be told.
   */
  async follow(link: Link, instanceIds: readonly number[]): Promise<void> {
    const follower = this.#followers.get(link) ?? { link, instanceIds: new Set<number>(), cut: new Map<number, Place>() }
    const touched = new Set([...follower.instanceIds, ...instanceIds])
    this.#remove(follower)
    follower.instanceIds = new Set(instanceIds)
    this.#followers.set(link, follower)
    for (const id of follower.instanceIds) {
      const followers = this.#byInstance.get(id) ?? new Set()
      this.#byInstance.set(id, followers.add(follower))
    }
    await withDeadline(this.#tellSlavesOf(touched), defaultDeadlineMs, () => (
      new ClusterError('deadline', 'A slave could not be told which consoles are followed; it is told again, and you will hear what you have missed')
    ))
  }

  /** A control has gone. */
  leave(link: Link): void {
    const follower = this.#followers.get(link)
    if (!follower) return
    this.#followers.delete(link)
    this.#remove(follower)
    void this.#tellSlavesOf(follower.instanceIds)
  }

  /** Calls a listener within the master with an instance's output, until the returned function is called. What it throws is logged. */
  listen(instanceId: number, listener: OutputListener): () => void {
    const listeners = this.#listeners.get(instanceId) ?? new Set()
    this.#listeners.set(instanceId, listeners.add(listener))
    void this.#tellSlavesOf([instanceId])
    return () => {
      if (!listeners.delete(listener)) return
      if (listeners.size === 0 && this.#listeners.get(instanceId) === listeners) this.#listeners.delete(instanceId)
      void this.#tellSlavesOf([instanceId])
    }
  }

  /** Output that a slave sent; it is passed on unread. */
  output(slaveId: number, event: EventMessage): void {
    const { to } = event
    if (to === undefined || this.#parts.instances.get(to)?.slave_id !== slaveId) return
    if (this.#parts.slaves.link(slaveId)?.channel.carries(readConsole) === false) {
      this.backlog.add(check(instanceOutput.data, event.data.value, instanceOutput.type))
      this.#parts.untoldStates.printed(to)
    }
    for (const follower of this.#byInstance.get(to) ?? []) this.#deliver(follower, to, event)
    const listeners = this.#listeners.get(to)
    if (listeners) this.#tellListeners(listeners, event)
  }

  /** A slave was given an instance that may have followers already. */
  async assigned(slaveId: number | null): Promise<void> {
    if (slaveId !== null) await this.#orders.tell(slaveId)
  }

  /** A slave is there, anew or again: tells it what is followed, and the followers that they may have missed something. */
  async slaveConnected(slaveId: number): Promise<void> {
    await this.#orders.tell(slaveId)
    this.#cutAll(slaveId)
  }

  /** A control has its connection back: what was on its way when that broke did not reach it. */
  resumed(link: Link): void {
    const follower = this.#followers.get(link)
    if (!follower) return
    for (const id of follower.instanceIds) this.#sendCut(follower, id, { run: null, offset: null })
    follower.cut.clear()
  }

  close(): void {
    clearInterval(this.#drainTimer)
    this.#orders.close()
  }

  #tellListeners(listeners: ReadonlySet<OutputListener>, event: EventMessage): void {
    const { output } = check(instanceOutput.data, event.data.value, instanceOutput.type)
    for (const listener of listeners) {
      try {
        listener(output)
      } catch (error) {
        this.#parts.log.error('A listener to a console failed', { instanceId: event.to, error: error instanceof Error ? error.stack : String(error) })
      }
    }
  }

  /** What a slave's instances printed may have been missed by all who follow them. */
  #cutAll(slaveId: number): void {
    for (const { id } of this.#parts.instances.assignedTo(slaveId)) {
      for (const follower of this.#byInstance.get(id) ?? []) this.#sendCut(follower, id, { run: null, offset: null })
    }
  }

  #deliver(follower: Follower, instanceId: number, event: EventMessage): void {
    const { channel } = follower.link
    if (follower.cut.has(instanceId)) return
    if (!channel.isConnected || channel.bufferedBytes > this.#parts.maxBufferedBytes) {
      follower.cut.set(instanceId, placeOf(event))
      this.#drainTimer ??= setInterval(() => this.#checkDrained(), drainCheckMs)
      return
    }
    follower.link.pass(instanceOutput, event)
  }

  #checkDrained(): void {
    let isAnyCut = false
    for (const follower of this.#followers.values()) {
      const { channel } = follower.link
      if (follower.cut.size > 0 && channel.isConnected && channel.bufferedBytes < this.#parts.maxBufferedBytes / 4) {
        for (const [id, place] of follower.cut) this.#sendCut(follower, id, place)
        follower.cut.clear()
      }
      isAnyCut ||= follower.cut.size > 0
    }
    if (isAnyCut) return
    clearInterval(this.#drainTimer)
    this.#drainTimer = undefined
  }

  #sendCut({ link }: Follower, instanceId: number, place: Place): void {
    link.pass(instanceOutputCut, eventMessage(instanceOutputCut, { instance_id: instanceId, ...place }))
  }

  #remove(follower: Follower): void {
    for (const id of follower.instanceIds) {
      const followers = this.#byInstance.get(id)
      followers?.delete(follower)
      if (followers?.size === 0) this.#byInstance.delete(id)
    }
  }

  async #tellSlavesOf(instanceIds: Iterable<number>): Promise<void> {
    const slaveIds = new Set<number>()
    for (const id of instanceIds) {
      const slaveId = this.#parts.instances.get(id)?.slave_id
      if (slaveId !== null && slaveId !== undefined) slaveIds.add(slaveId)
    }
    await Promise.all([...slaveIds].map((slaveId) => this.#orders.tell(slaveId)))
  }
}

/** Where a piece of output that is left out begins: the one of many that is parsed. */
function placeOf({ data }: EventMessage): Place {
  try {
    const { output } = check(instanceOutput.data, data.value, instanceOutput.type)
    return { run: output.run, offset: output.offset }
  } catch {
    return { run: null, offset: null }
  }
}
