import type { PresenceStatus, Subscriber, Topics } from '../../lib/plugin.ts'
import { message } from './codec.ts'
import type { Connection } from './connection.ts'
import { partsOf } from './names.ts'
import type { Change, StatusSource } from './statuses.ts'

/** Tells connections the statuses of the users that they subscribed to: the current one at once, then each change. */
export class StatusFeed {
  readonly #topics: Topics
  readonly #prefix: string
  readonly #source: StatusSource

  /** `prefix` is that of the topics, one a user. `connect` makes the source, which tells changes to the given listener. */
  constructor(topics: Topics, prefix: string, connect: (changed: (changes: readonly Change[]) => void) => StatusSource) {
    this.#topics = topics
    this.#prefix = prefix
    this.#source = connect((changes) => this.#changed(changes))
  }

  isSubscribed(user: string, connection: Connection): boolean {
    return this.#topics.isSubscribed(this.#prefix + user, connection)
  }

  subscribe(users: readonly string[], connection: Connection): void {
    const unwatched = users.filter((user) => !this.#topics.hasSubscribers(this.#prefix + user))
    for (const user of users) this.#topics.subscribe(this.#prefix + user, connection)
    this.#source.watch(unwatched)
    const known: Change[] = []
    for (const user of users) {
      const status = this.#source.status(user)
      if (status !== undefined) known.push([user, status])
    }
    this.#tell(connection, known)
  }

  leave(connection: Connection): void {
    for (const topic of this.#topics.topicsOf(connection)) {
      if (!topic.startsWith(this.#prefix)) continue
      this.#topics.unsubscribe(topic, connection)
      if (!this.#topics.hasSubscribers(topic)) this.#source.unwatch(topic.slice(this.#prefix.length))
    }
  }

  #changed(changes: readonly Change[]): void {
    const [first] = changes
    if (first && changes.length === 1) {
      this.#topics.publish(this.#prefix + first[0], userChange(changes))
      return
    }
    // Another server's answer is about many: each subscriber gets what concerns him in as few frames as it takes.
    const bySubscriber = new Map<Subscriber, Change[]>()
    for (const change of changes) {
      for (const subscriber of this.#topics.members(this.#prefix + change[0])) {
        const own = bySubscriber.get(subscriber)
        if (own) own.push(change)
        else bySubscriber.set(subscriber, [change])
      }
    }
    for (const [subscriber, own] of bySubscriber) this.#tell(subscriber, own)
  }

  #tell(subscriber: Subscriber, changes: readonly Change[]): void {
    for (const part of partsOf(changes, ([user]) => user.length)) this.#topics.publishTo([subscriber], userChange(part))
  }
}

function userChange(changes: readonly Change[]): ReturnType<typeof message> {
  return message('userchange', Object.fromEntries<PresenceStatus>(changes))
}
