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
}

export interface TopicsFigures {
  topics: number
  subscriptions: number
  deliveries: number
  overflows: number
}

/**
 * Named streams that peers subscribe to. A publication is encoded once per form and given to every subscriber in the
 * order of subscribing; a slow one is left out by the bound, and delays nobody.
 */
export class Topics {
  readonly #topics = new Map<string, Set<Subscriber>>()
  readonly #subscriptions = new Map<Subscriber, Set<string>>()
  readonly #maxBufferedBytes: number
  #deliveries = 0
  #overflows = 0

  constructor({ maxBufferedBytes }: TopicsOptions) {
    this.#maxBufferedBytes = maxBufferedBytes
  }

  /** False when it was subscribed already. */
  subscribe(topic: string, subscriber: Subscriber): boolean {
    let members = this.#topics.get(topic)
    if (!members) this.#topics.set(topic, members = new Set())
    if (members.has(subscriber)) return false
    members.add(subscriber)
    let topics = this.#subscriptions.get(subscriber)
    if (!topics) this.#subscriptions.set(subscriber, topics = new Set())
    topics.add(topic)
    return true
  }

  /** False when it was not subscribed. */
  unsubscribe(topic: string, subscriber: Subscriber): boolean {
    const members = this.#topics.get(topic)
    if (!members?.delete(subscriber)) return false
    if (members.size === 0) this.#topics.delete(topic)
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
    return [...(this.#topics.get(topic) ?? [])]
  }

  topicsOf(subscriber: Subscriber): string[] {
    return [...(this.#subscriptions.get(subscriber) ?? [])]
  }

  isSubscribed(topic: string, subscriber: Subscriber): boolean {
    return this.#topics.get(topic)?.has(subscriber) ?? false
  }

  hasSubscribers(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** Gives a publication to all subscribers of a topic, and returns to how many. */
  publish(topic: string, publication: Publication): number {
    return this.publishTo(this.#topics.get(topic) ?? [], publication)
  }

  /** Gives a publication to these, in order, under the same bound. */
  publishTo(subscribers: Iterable<Subscriber>, publication: Publication): number {
    let count = 0
    for (const subscriber of subscribers) {
      if (subscriber.bufferedBytes > this.#maxBufferedBytes) {
        this.#overflows += 1
        subscriber.overflowed()
      } else {
        subscriber.deliver(publication.in(subscriber.form))
        count += 1
      }
    }
    this.#deliveries += count
    return count
  }

  figures(): TopicsFigures {
    let subscriptions = 0
    for (const members of this.#topics.values()) subscriptions += members.size
    return { topics: this.#topics.size, subscriptions, deliveries: this.#deliveries, overflows: this.#overflows }
  }
}
