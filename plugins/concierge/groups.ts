import type { Hub } from '../../lib/plugin.ts'
import type { Client } from './client.ts'
import { publication } from './roster.ts'
import type { Roster } from './roster.ts'
import { members, status } from './wire/encode.ts'
import type { Dialect } from './wire/dialect.ts'

/** Owner of the groups that belong to no client. */
export const nilUuid = '00000000-0000-0000-0000-000000000000'

const topicPrefix = 'concierge:group:'

function topicOf(name: string): string {
  return topicPrefix + name
}

/** A group as it is at this moment; its encoding is made again only after a change. */
export class Group {
  readonly name: string
  readonly nickname: string | null
  readonly ownerUuid: string
  readonly topic: string
  readonly #subscribers: () => string[]
  #fields: string | undefined

  constructor({ name, nickname, ownerUuid }: Pick<Group, 'name' | 'nickname' | 'ownerUuid'>, subscribers: (topic: string) => string[]) {
    this.name = name
    this.nickname = nickname
    this.ownerUuid = ownerUuid
    this.topic = topicOf(name)
    this.#subscribers = () => subscribers(this.topic)
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

  constructor(hub: Hub, roster: Roster, dialect: Dialect) {
    this.#hub = hub
    this.#roster = roster
    this.#dialect = dialect
  }

  find(name: string): Group | undefined {
    return this.#groups.get(name)
  }

  list(): Group[] {
    return [...this.#groups.values()]
  }

  /** Makes a group and tells all but its maker. The name must be free. */
  create(name: string, nickname: string | null, owner?: Client): Group {
    const group = new Group({ name, nickname, ownerUuid: owner?.uuid ?? nilUuid }, (topic) => this.#subscribersOf(topic))
    this.#groups.set(name, group)
    owner?.ownedGroups.add(name)
    this.#roster.broadcast(() => status('GROUP_CREATED', group.fields), owner)
    return group
  }

  /** Takes a group away: its subscribers hear that they are unsubscribed, then all but the owner that it is deleted. */
  delete(group: Group, owner?: Client): void {
    // Said of the group as it was with its subscribers.
    const { fields } = group
    this.#groups.delete(group.name)
    owner?.ownedGroups.delete(group.name)
    const subscribers = this.#hub.topics.end(group.topic)
    this.#hub.topics.publishTo(subscribers, publication(() => status(this.#dialect.unsubscribed, fields)))
    this.#roster.broadcast(() => status('GROUP_DELETED', fields), owner)
  }

  subscribe(group: Group, client: Client): void {
    if (this.#hub.topics.subscribe(group.topic, client)) group.changed()
  }

  unsubscribe(group: Group, client: Client): void {
    if (this.#hub.topics.unsubscribe(group.topic, client)) group.changed()
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

  #subscribersOf(topic: string): string[] {
    return this.#hub.topics.members(topic).map((subscriber) => (subscriber as Client).uuid)
  }
}
