import { messageFrame, Publication, textFrameHeader } from '../../lib/plugin.ts'
import type { Hub } from '../../lib/plugin.ts'
import { Client } from './client.ts'
import type { Member } from './client.ts'
import { objects, resultParts, status } from './wire/encode.ts'

const namespace = 'concierge'
const everybody = 'concierge:all'

/** A text for one or many, framed once and only if somebody takes it. */
export function publication(makeText: () => string): Publication {
  return new Publication(() => messageFrame(makeText()))
}

/** Who is there, by name and by UUID, and the ways to reach them. */
export class Roster {
  readonly #hub: Hub
  readonly #byUuid = new Map<string, Member>()
  #encoded: Buffer | undefined
  #encodedBytes = 2

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
    this.#changed(encodedBytes(member))
    if (member instanceof Client) this.#hub.topics.subscribe(everybody, member)
  }

  /** Takes a member out: from here on nothing reaches it. */
  remove(member: Member): void {
    if (!this.#byUuid.delete(member.uuid)) return
    this.#changed(-encodedBytes(member))
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

  /** The list as encoded JSON, the same bytes for all who ask for it before it changes. */
  get encoded(): Buffer {
    return this.#encoded ??= Buffer.from(objects(this.list()))
  }

  /** How long that is, but for a comma. */
  get encodedBytes(): number {
    return this.#encodedBytes
  }

  /** Sends a text to one client. */
  send(client: Client, makeText: () => string): void {
    this.#hub.topics.publishTo([client], publication(makeText))
  }

  /** Sends a client an answer with a list, of which there are as many copies in memory as versions, not as readers. */
  sendList(client: Client, type: string, member: string, list: Buffer, seq: number): void {
    const [start, end] = resultParts(type, member, seq)
    const header = textFrameHeader(start.length + list.length + end.length)
    if (this.#hub.topics.publishTo([client], new Publication(() => Buffer.concat([header, start]))) === 0) return
    client.deliver(list)
    client.deliver(end)
  }

  /** Sends a text to all clients, or to all but one; gives their number. */
  broadcast(makeText: () => string, except?: Client): number {
    const text = publication(makeText)
    if (!except) return this.#hub.topics.publish(everybody, text)
    return this.#hub.topics.publishTo(this.#hub.topics.members(everybody).filter((client) => client !== except), text)
  }

  #changed(bytes: number): void {
    this.#encoded = undefined
    this.#encodedBytes += bytes
  }
}

function encodedBytes({ fields }: Member): number {
  return Buffer.byteLength(fields) + '{},'.length
}
