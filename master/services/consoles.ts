import type { EventOf } from '../../lib/link/define.ts'
import { eventMessage } from '../../lib/link/link.ts'
import type { Link } from '../../lib/link/link.ts'
import type { EventMessage } from '../../lib/link/message.ts'
import { instanceOutput, instanceOutputCut, setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import { check } from '../../lib/link/validate.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { InstanceService } from './instances.ts'
import type { SlaveService } from './slaves.ts'

interface Parts {
  readonly instances: InstanceService
  readonly slaves: SlaveService
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

const drainCheckMs = 100

/**
 * Who follows which console. A slave sends the output of an instance once, however many follow it, and only while
 * somebody does; here it is fanned out, encoded once. A follower that is slow misses output, is told so, and reads
 * what it missed by offset; it delays nobody.
 */
export class ConsoleService {
  readonly #parts: Parts
  readonly #followers = new Map<Link, Follower>()
  readonly #byInstance = new Map<number, Set<Follower>>()
  readonly #listeners = new Map<number, Set<(event: EventMessage) => void>>()
  #drainTimer: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Replaces the set of consoles that a control follows. Resolves when the slaves that have them know. */
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
    await this.#tellSlavesOf(touched)
  }

  /** A control has gone. */
  leave(link: Link): void {
    const follower = this.#followers.get(link)
    if (!follower) return
    this.#followers.delete(link)
    this.#remove(follower)
    void this.#tellSlavesOf(follower.instanceIds)
  }

  /** Calls a listener within the master with an instance's output, until the returned function is called. */
  listen(instanceId: number, listener: (event: EventMessage) => void): () => void {
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
    for (const follower of this.#byInstance.get(to) ?? []) this.#deliver(follower, to, event)
    for (const listener of this.#listeners.get(to) ?? []) listener(event)
  }

  /** A slave is there, anew or again: tells it what is followed, and the followers that they may have missed something. */
  async slaveConnected(slaveId: number): Promise<void> {
    await this.#tellSlave(slaveId)
    for (const { id } of this.#parts.instances.assignedTo(slaveId)) {
      for (const follower of this.#byInstance.get(id) ?? []) this.#sendCut(follower, id, { run: null, offset: null })
    }
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
    await Promise.all([...slaveIds].map((slaveId) => this.#tellSlave(slaveId)))
  }

  async #tellSlave(slaveId: number): Promise<void> {
    const link = this.#parts.slaves.link(slaveId)
    if (!link) return
    const ids = this.#parts.instances.assignedTo(slaveId).map(({ id }) => id).filter((id) => this.#byInstance.has(id) || this.#listeners.has(id))
    try {
      await link.send(setInstanceOutputSubscriptions, { instance_ids: ids })
    } catch (error) {
      // The slave has gone; it is told when it comes back.
      this.#parts.log.debug('A slave could not be told which consoles are followed', { slaveId, error: String(error) })
    }
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
