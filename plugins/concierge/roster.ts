import { Publication } from '../../lib/plugin.ts'
import type { Hub } from '../../lib/plugin.ts'
import { Client } from './client.ts'
import type { Member } from './client.ts'
import { status } from './wire/encode.ts'
import { textFrame } from './wire/frame.ts'

const namespace = 'concierge'
const everybody = 'concierge:all'

/** A text for one or many, framed once and only if somebody takes it. */
export function publication(makeText: () => string): Publication {
  return new Publication(() => textFrame(makeText()))
}

/** Who is there, by name and by UUID, and the ways to reach them. */
export class Roster {
  readonly #hub: Hub
  readonly #byUuid = new Map<string, Member>()

  constructor(hub: Hub) {
    this.#hub = hub
  }

  /** Claims a name for a member; false when another holds it. */
  claim(member: Member): boolean {
    return this.#hub.directory.claim(namespace, member.name, member)
  }

  /** Tells the others of a member and takes it in. It must have its name, if it is a client. */
  join(member: Member): void {
    this.broadcast(() => status('CLIENT_JOINED', member.fields))
    this.#byUuid.set(member.uuid, member)
    if (member instanceof Client) this.#hub.topics.subscribe(everybody, member)
  }

  /** Takes a member out: from here on nothing reaches it. */
  remove(member: Member): void {
    if (!this.#byUuid.delete(member.uuid)) return
    this.#hub.directory.release(namespace, member.name, member)
    if (member instanceof Client) this.#hub.topics.leave(member)
  }

  /** Tells all that a member which was removed has left. */
  announceLeft(member: Member): void {
    this.broadcast(() => status('CLIENT_LEFT', member.fields))
  }

  byName(name: string): Member | undefined {
    const holder = this.#hub.directory.find(namespace, name) as Member | undefined
    return holder && this.#byUuid.get(holder.uuid)
  }

  byUuid(uuid: string): Member | undefined {
    return this.#byUuid.get(uuid.toLowerCase())
  }

  /** All members, in the order of their coming. */
  list(): Member[] {
    return [...this.#byUuid.values()]
  }

  clients(): Client[] {
    return this.list().filter((member) => member instanceof Client)
  }

  /** Sends a text to one client. */
  send(client: Client, makeText: () => string): void {
    this.#hub.topics.publishTo([client], publication(makeText))
  }

  /** Sends a text to all clients, or to all but one; gives their number. */
  broadcast(makeText: () => string, except?: Client): number {
    const text = publication(makeText)
    if (!except) return this.#hub.topics.publish(everybody, text)
    return this.#hub.topics.publishTo(this.#hub.topics.members(everybody).filter((client) => client !== except), text)
  }
}
