import type { Topics } from '../../lib/plugin.ts'
import type { Client } from './client.ts'
import type { Service } from './service.ts'
import { publicationOf } from './wire/publication.ts'
import { servicesText } from './wire/write.ts'

const topic = 'gateway:services'

/** All services by id, and the list of them that every client has. */
export class Catalogue {
  readonly #topics: Topics
  readonly #services = new Map<number, Service>()
  #text = servicesText([])
  #scheduled: NodeJS.Immediate | undefined

  constructor(topics: Topics) {
    this.#topics = topics
  }

  get size(): number {
    return this.#services.size
  }

  find(id: number): Service | undefined {
    return this.#services.get(id)
  }

  add(service: Service): void {
    this.#services.set(service.id, service)
    this.changed()
  }

  remove(service: Service): void {
    this.#services.delete(service.id)
    this.changed()
  }

  /** Something of a service may have changed: the clients get the whole list at the end of this turn, if it has. */
  changed(): void {
    this.#scheduled ??= setImmediate(() => this.#publish())
  }

  /** Gives a client the list, now and whenever it changes. */
  welcome(client: Client): void {
    this.#publish()
    client.send(this.#text)
    this.#topics.subscribe(topic, client)
  }

  close(): void {
    clearImmediate(this.#scheduled)
  }

  #publish(): void {
    clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    const text = servicesText([...this.#services.values()]
      .toSorted((a, b) => a.id - b.id)
      .map(({ id, name, kind, isOnline }) => ({ id, name, kind, online: isOnline })))
    if (text === this.#text) return
    this.#text = text
    this.#topics.publish(topic, publicationOf(() => text))
  }
}
