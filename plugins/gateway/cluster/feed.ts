import type { MasterContext } from '../../../lib/plugin.ts'
import type { Client } from '../client.ts'
import { publicationOf } from '../wire/publication.ts'
import { ownStreamText } from '../wire/write.ts'
import { Stream } from './target.ts'
import type { Target } from './target.ts'

export type FeedContext = Pick<MasterContext<unknown>, 'cluster' | 'hub' | 'on'>

/** The streams of one service of the cluster. They flow only while somebody is subscribed. */
export class Feed {
  readonly #context: FeedContext
  readonly #serviceId: number
  #target: Target
  /** What was last told on `status` and `players`. */
  readonly #told = new Map<number, string>()
  #lines: unknown[] = []
  #stopLines: (() => void) | undefined
  #followed = ''

  constructor(context: FeedContext, serviceId: number, target: Target) {
    this.#context = context
    this.#serviceId = serviceId
    this.#target = target
  }

  /** Subscribes a client. Of `status` and `players` it gets at once what there is. */
  add(stream: number, client: Client): void {
    this.#context.hub.topics.subscribe(this.#topic(stream), client)
    if (stream === Stream.console) {
      this.#follow()
    } else {
      const text = this.#text(stream)
      this.#told.set(stream, text)
      client.send(text)
    }
  }

  remove(stream: number, client: Client): void {
    this.#context.hub.topics.unsubscribe(this.#topic(stream), client)
    this.#follow()
  }

  /** Something of the target may have changed. */
  update(target: Target): void {
    this.#target = target
    this.#follow()
    for (const stream of [Stream.status, Stream.players]) {
      if (!this.#hasSubscribers(stream)) continue
      const text = this.#text(stream)
      if (text === this.#told.get(stream)) continue
      this.#told.set(stream, text)
      this.#publish(stream, text)
    }
  }

  close(): void {
    for (const stream of Object.values(Stream)) this.#context.hub.topics.end(this.#topic(stream))
    this.#follow()
  }

  /** Follows the consoles that belong to the target now, while somebody is subscribed to them. */
  #follow(): void {
    const instances = this.#hasSubscribers(Stream.console) ? this.#target.instances().map(({ id }) => id) : []
    const wanted = instances.join()
    if (wanted === this.#followed) return
    this.#followed = wanted
    this.#stopLines?.()
    this.#stopLines = instances.length === 0 ? undefined : this.#context.on('console_line', ({ instance, text }) => {
      // Lines that come together leave together.
      if (this.#lines.push(this.#target.line(instance, text)) === 1) process.nextTick(() => this.#publishLines())
    }, { instances })
  }

  #publishLines(): void {
    const lines = this.#lines
    this.#lines = []
    this.#publish(Stream.console, ownStreamText(this.#serviceId, Stream.console, lines))
  }

  #publish(stream: number, text: string): void {
    this.#context.hub.topics.publish(this.#topic(stream), publicationOf(() => text))
  }

  #text(stream: number): string {
    return ownStreamText(this.#serviceId, stream, stream === Stream.status ? this.#target.status() : this.#target.players())
  }

  #hasSubscribers(stream: number): boolean {
    return this.#context.hub.topics.hasSubscribers(this.#topic(stream))
  }

  #topic(stream: number): string {
    return `gateway:${this.#serviceId}:${stream}`
  }
}
