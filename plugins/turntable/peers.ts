import { PeerLink } from './peer-link.ts'
import type { PeerLinkOptions } from './peer-link.ts'
import { shardOf } from './shard.ts'

export interface PeersOptions extends Omit<PeerLinkOptions, 'url'> {
  readonly servers: readonly string[]
  readonly self: number
}

/** The other servers. Each is connected with when it is first needed. */
export class Peers {
  readonly #options: PeersOptions
  readonly #links = new Map<number, PeerLink>()

  constructor(options: PeersOptions) {
    this.#options = options
  }

  get connected(): number {
    return [...this.#links.values()].filter(({ isOpen }) => isOpen).length
  }

  /** The server that a user belongs to; undefined where it is this one. */
  of(user: string): PeerLink | undefined {
    const { servers, self, ...options } = this.#options
    const index = shardOf(user, Math.max(1, servers.length))
    const url = servers[index]
    if (index === self || url === undefined) return undefined
    let link = this.#links.get(index)
    if (!link) this.#links.set(index, link = new PeerLink({ ...options, url }))
    return link
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
  }
}
