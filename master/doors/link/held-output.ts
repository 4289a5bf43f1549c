import type { EventMessage } from '../../../lib/link/message.ts'

const maxEvents = 1_000
const maxLength = 4_194_304

/** Output of instances that a slave has just brought, until they are taken in. Beyond its bound the rest is left out. */
export class HeldOutput {
  readonly #byInstance = new Map<number, EventMessage[]>()
  #events = 0
  #length = 0

  has(instanceId: number): boolean {
    return this.#byInstance.has(instanceId)
  }

  add(instanceId: number, event: EventMessage): void {
    const length = event.data.text.length
    if (this.#events >= maxEvents || this.#length + length > maxLength) return
    this.#events += 1
    this.#length += length
    const held = this.#byInstance.get(instanceId) ?? []
    this.#byInstance.set(instanceId, held)
    held.push(event)
  }

  /** What came of one, in its order; from now on nothing of it is held. */
  take(instanceId: number): readonly EventMessage[] {
    const held = this.#byInstance.get(instanceId) ?? []
    this.#byInstance.delete(instanceId)
    this.#events -= held.length
    for (const { data } of held) this.#length -= data.text.length
    return held
  }
}
