/** A message for many, in whatever forms its receivers want: each form is made once, for the first who wants it. */
export class Publication {
  readonly #make: (form: string) => string | Buffer
  readonly #made = new Map<string, string | Buffer>()

  /** `make` encodes the message in a form, which is a door's name for one of its encodings. */
  constructor(make: (form: string) => string | Buffer) {
    this.#make = make
  }

  in(form: string): string | Buffer {
    let frame = this.#made.get(form)
    if (frame === undefined) this.#made.set(form, frame = this.#make(form))
    return frame
  }
}

/** Somebody who listens to topics: a door's connection. */
export interface Subscriber {
  /** The encoding that it wants. */
  readonly form: string
  /** Bytes that were given to it and are not yet with the operating system. */
  readonly bufferedBytes: number
  /** Takes a frame; never waits. */
  deliver(frame: string | Buffer): void
  /** It is too slow: its queue is above the bound, and this publication was not delivered to it. */
  overflowed(): void
}

export interface TopicsOptions {
  /** A subscriber with more than this undelivered gets nothing until it has caught up; it is told by `overflowed`. */
  readonly maxBufferedBytes: number
  /** Told what a subscriber threw; the others get the publication all the same. Without it that goes to the publisher. */
  onError?(error: unknown): void
}

export interface TopicsFigures {
  topics: number
  subscriptions: number
  publications: number
  deliveries: number
  overflows: number
}

/**
 * Named streams that peers subscribe to. A publication is encoded once per form and given to every subscriber in the
 * order of subscribing; a slow one is left out by the bound, and delays nobody.
 */
export class Topics {
  /** The bound that subscribers are held to. */
  readonly maxBufferedBytes: number
  /** A Set only where there are several: most of a user's friends are few, and users are many. */
  readonly #topics = new Map<string, Subscriber | Set<Subscriber>>()
  readonly #subscriptions = new Map<Subscriber, Set<string>>()
  readonly #onError: (error: unknown) => void
  #publications = 0
  #deliveries = 0
  #overflows = 0

  constructor({ maxBufferedBytes, onError = rethrow }: TopicsOptions) {
    this.#onError = onError
    this.maxBufferedBytes = maxBufferedBytes
  }

  /** False when it was subscribed already. */
  subscribe(topic: string, subscriber: Subscriber): boolean {
    const members = this.#topics.get(topic)
    if (has(members, subscriber)) return false
    if (members instanceof Set) members.add(subscriber)
    else this.#topics.set(topic, members ? new Set([members, subscriber]) : subscriber)
    let topics = this.#subscriptions.get(subscriber)
    if (!topics) this.#subscriptions.set(subscriber, topics = new Set())
    topics.add(topic)
    return true
  }

  /** False when it was not subscribed. */
  unsubscribe(topic: string, subscriber: Subscriber): boolean {
    const members = this.#topics.get(topic)
    if (!has(members, subscriber)) return false
    if (members instanceof Set) members.delete(subscriber)
    if (!(members instanceof Set) || members.size === 0) this.#topics.delete(topic)
    const topics = this.#subscriptions.get(subscriber)
    topics?.delete(topic)
    if (topics?.size === 0) this.#subscriptions.delete(subscriber)
    return true
  }

  /** Takes a subscriber out of everything: it has gone. */
  leave(subscriber: Subscriber): void {
    for (const topic of this.topicsOf(subscriber)) this.unsubscribe(topic, subscriber)
  }

  /** Ends a topic; gives those who were subscribed. */
  end(topic: string): Subscriber[] {
    const members = this.members(topic)
    for (const member of members) this.unsubscribe(topic, member)
    return members
  }

  members(topic: string): Subscriber[] {
    return [...this.#membersOf(topic)]
  }

  topicsOf(subscriber: Subscriber): string[] {
    return [...(this.#subscriptions.get(subscriber) ?? [])]
  }

  isSubscribed(topic: string, subscriber: Subscriber): boolean {
    return has(this.#topics.get(topic), subscriber)
  }

  hasSubscribers(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** Gives a publication to all subscribers of a topic, and returns to how many. */
  publish(topic: string, publication: Publication): number {
    return this.publishTo(this.#membersOf(topic), publication)
  }

  /** Gives a publication to these, in order, under the same bound. */
  publishTo(subscribers: Iterable<Subscriber>, publication: Publication): number {
    let count = 0
    for (const subscriber of subscribers) {
      try {
        if (subscriber.bufferedBytes > this.maxBufferedBytes) {
          this.#overflows += 1
          subscriber.overflowed()
        } else {
          subscriber.deliver(publication.in(subscriber.form))
          count += 1
        }
      } catch (error) {
        this.#onError(error)
      }
    }
    this.#publications += 1
    this.#deliveries += count
    return count
  }

  #membersOf(topic: string): Iterable<Subscriber> {
    const members = this.#topics.get(topic)
    if (members instanceof Set) return members
    return members ? [members] : []
  }

  figures(): TopicsFigures {
    let subscriptions = 0
    for (const topics of this.#subscriptions.values()) subscriptions += topics.size
    return { topics: this.#topics.size, subscriptions, publications: this.#publications, deliveries: this.#deliveries, overflows: this.#overflows }
  }
}

function has(members: Subscriber | Set<Subscriber> | undefined, subscriber: Subscriber): boolean {
  return members instanceof Set ? members.has(subscriber) : members === subscriber
}

function rethrow(error: unknown): never {
  throw error
}
