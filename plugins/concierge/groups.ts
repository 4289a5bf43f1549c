import { HeldBytes } from '../../lib/plugin.ts'
import type { Hub } from '../../lib/plugin.ts'
import type { Client } from './client.ts'
import { publication } from './roster.ts'
import type { Roster } from './roster.ts'
import { members, objects, status } from './wire/encode.ts'
import type { Dialect } from './wire/dialect.ts'

/** Owner of the groups that belong to no client. */
export const nilUuid = '00000000-0000-0000-0000-000000000000'

const topicPrefix = 'concierge:group:'

/** What a subscriber adds to the list of groups: its UUID in quotes, and a comma. */
const subscriberBytes = 39
/** One client may have this part of what all groups may take. */
const ownPart = 1 / 4

function topicOf(name: string): string {
  return topicPrefix + name
}

/** A group as it is at this moment; its encoding is made again only after a change. */
export class Group {
  readonly name: string
  readonly nickname: string | null
  readonly ownerUuid: string
  readonly topic: string
  /** What it adds to the list of groups, without its subscribers. */
  readonly bytes: number
  readonly #subscribers: () => string[]
  #fields: string | undefined

  constructor({ name, nickname, ownerUuid }: Pick<Group, 'name' | 'nickname' | 'ownerUuid'>, subscribers: (topic: string) => string[]) {
    this.name = name
    this.nickname = nickname
    this.ownerUuid = ownerUuid
    this.topic = topicOf(name)
    this.#subscribers = () => subscribers(this.topic)
    this.bytes = Buffer.byteLength(members({ name, nickname, owner_uuid: ownerUuid, subscribers: [] })) + '{},'.length
  }

  /** `name`, `nickname`, `owner_uuid` and `subscribers` as encoded members. */
  get fields(): string {
    const { name, nickname, ownerUuid } = this
    this.#fields ??= members({ name, nickname, owner_uuid: ownerUuid, subscribers: this.#subscribers() })
    return this.#fields
  }

  /** Must be called when a subscriber came or went. */
  changed(): void {
    this.#fields = undefined
  }
}

/** The groups, who owns them and who is subscribed to them. */
export class Groups {
  readonly #hub: Hub
  readonly #roster: Roster
  readonly #dialect: Dialect
  readonly #groups = new Map<string, Group>()
  readonly #maxBytes: number
  /** What the groups and subscriptions of each client add to the list. */
  readonly #held: HeldBytes<Client>
  #encoded: Buffer | undefined

  /** `maxBytes` bounds the list of all groups with their subscribers, as JSON; groups that no client owns come on top. */
  constructor(hub: Hub, roster: Roster, dialect: Dialect, maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#held = new HeldBytes({ perHolder: maxBytes * ownPart, perAddress: maxBytes, total: maxBytes })
    this.#hub = hub
    this.#roster = roster
    this.#dialect = dialect
  }

  find(name: string): Group | undefined {
    return this.#groups.get(name)
  }

  /** All groups as encoded JSON, the same bytes for all who ask for them before they change. */
  get encoded(): Buffer {
    return this.#encoded ??= Buffer.from(objects([...this.#groups.values()]))
  }

  /** Makes a group for a client and tells all others; undefined where the groups take too much. The name must be free. */
  createFor(owner: Client, name: string, nickname: string | null): Group | undefined {
    const group = this.#make(name, nickname, owner.uuid)
    if (!this.#take(owner, group.bytes)) return undefined
    owner.ownedGroups.add(name)
    this.#add(group, owner)
    return group
  }

  /** Makes a group that no client owns, and tells all. The name must be free. */
  create(name: string, nickname: string | null): Group {
    const group = this.#make(name, nickname, nilUuid)
    this.#add(group)
    return group
  }

  /** Takes a group away: its subscribers hear that they are unsubscribed, then all but the owner that it is deleted. */
  delete(group: Group, owner?: Client): void {
    // Said of the group as it was with its subscribers.
    const { fields } = group
    this.#groups.delete(group.name)
    this.#encoded = undefined
    const subscribers = this.#hub.topics.end(group.topic)
    for (const subscriber of subscribers) this.#held.force(subscriber as Client, -subscriberBytes)
    if (owner) {
      owner.ownedGroups.delete(group.name)
      this.#held.force(owner, -group.bytes)
    }
    this.#hub.topics.publishTo(subscribers, publication(() => status(this.#dialect.unsubscribed, fields)))
    this.#roster.broadcast(() => status('GROUP_DELETED', fields), owner)
  }

  /** False where the groups with their subscribers take too much. Whoever is subscribed already stays so. */
  subscribe(group: Group, client: Client): boolean {
    if (this.isSubscribed(group, client)) return true
    if (!this.#take(client, subscriberBytes)) return false
    this.#hub.topics.subscribe(group.topic, client)
    this.#changed(group)
    return true
  }

  unsubscribe(group: Group, client: Client): void {
    if (!this.#hub.topics.unsubscribe(group.topic, client)) return
    this.#held.force(client, -subscriberBytes)
    this.#changed(group)
  }

  /** A client is gone, and with it its groups. `subscriptions` are those that it had. */
  leave(client: Client, subscriptions: readonly Group[]): void {
    for (const group of subscriptions) this.#changed(group)
    for (const name of client.ownedGroups) {
      const group = this.#groups.get(name)
      if (group) this.delete(group, client)
    }
    this.#held.leave(client)
  }

  isSubscribed(group: Group, client: Client): boolean {
    return this.#hub.topics.isSubscribed(group.topic, client)
  }

  /** The groups that a client is subscribed to, in the order of subscribing. */
  subscriptionsOf(client: Client): Group[] {
    return this.#hub.topics.topicsOf(client)
      .filter((topic) => topic.startsWith(topicPrefix))
      .map((topic) => this.#groups.get(topic.slice(topicPrefix.length)))
      .filter((group) => group !== undefined)
  }

  /** Sends a text to the subscribers; gives their number. */
  publish(group: Group, makeText: () => string): number {
    return this.#hub.topics.publish(group.topic, publication(makeText))
  }

  #make(name: string, nickname: string | null, ownerUuid: string): Group {
    return new Group({ name, nickname, ownerUuid }, (topic) => this.#subscribersOf(topic))
  }

  #add(group: Group, owner?: Client): void {
    this.#groups.set(group.name, group)
    this.#encoded = undefined
    this.#roster.broadcast(() => status('GROUP_CREATED', group.fields), owner)
  }

  #changed(group: Group): void {
    group.changed()
    this.#encoded = undefined
  }

  #take(client: Client, bytes: number): boolean {
    return this.#held.sum + bytes <= this.#maxBytes && this.#held.take(client, bytes)
  }

  #subscribersOf(topic: string): string[] {
    return this.#hub.topics.members(topic).map((subscriber) => (subscriber as Client).uuid)
  }
}
