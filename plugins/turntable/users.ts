import type { Directory, Presence } from '../../lib/plugin.ts'
import { message } from './codec.ts'
import { Connection } from './connection.ts'

const namespace = 'turntable:user'

/** Who is here: user ids and the connections that they are bound to, one at a time. */
export class Users {
  readonly #directory: Directory<object>
  readonly #presence: Presence
  readonly #ids = new Map<Connection, string[]>()
  #list: ReturnType<typeof message> | undefined

  constructor(directory: Directory<object>, presence: Presence) {
    this.#directory = directory
    this.#presence = presence
  }

  get size(): number {
    return this.#directory.size(namespace)
  }

  /** The connection that a user is there with. */
  find(id: string): Connection | undefined {
    const holder = this.#directory.find(namespace, id)
    return holder instanceof Connection ? holder : undefined
  }

  /** Binds an id to a connection; false when it is bound to another one. */
  bind(id: string, connection: Connection): boolean {
    if (!this.#directory.claim(namespace, id, connection)) return false
    const ids = this.#ids.get(connection)
    if (ids) ids.push(id)
    else this.#ids.set(connection, [id])
    this.#list = undefined
    this.#presence.setOnline(id, connection)
    return true
  }

  leave(connection: Connection): void {
    const ids = this.#ids.get(connection)
    if (!ids) return
    this.#ids.delete(connection)
    this.#list = undefined
    for (const id of ids) this.#directory.release(namespace, id, connection)
    for (const id of ids) this.#presence.clearOnline(id, connection)
  }

  /** The answer to `whothere`, made anew only when somebody came or went. */
  get list(): ReturnType<typeof message> {
    return this.#list ??= message('there', this.#directory.entries(namespace).map(([id]) => id))
  }
}
