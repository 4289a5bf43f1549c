/** Somebody who is logged in on a connection. */
export interface Client {
  readonly name: string
  readonly userId: number
  deliver(frame: Buffer): void
  /** The user's rights have changed: the connection ends unless they hold for it. */
  recheck(): void
}

/** The clients that are connected, by the name of their user. */
export class Clients {
  readonly #byName = new Map<string, Set<Client>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** A name for each client. */
  get names(): string[] {
    return [...this.#byName].flatMap(([name, clients]) => Array.from(clients, () => name))
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The returned function takes the client away again. */
  add(client: Client): () => void {
    const { name } = client
    let clients = this.#byName.get(name)
    if (!clients) this.#byName.set(name, clients = new Set())
    clients.add(client)
    this.#size += 1
    return () => {
      if (!clients.delete(client)) return
      this.#size -= 1
      if (clients.size === 0) this.#byName.delete(name)
    }
  }

  /** Gives a frame to each client of a user; nobody is no failure. */
  deliver(name: string, frame: Buffer): void {
    for (const client of this.#byName.get(name) ?? []) client.deliver(frame)
  }

  recheck(userId: number): void {
    const concerned = [...this.#byName.values()].flatMap((clients) => [...clients]).filter((client) => client.userId === userId)
    for (const client of concerned) client.recheck()
  }
}
