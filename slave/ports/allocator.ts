import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

export type Protocol = 'tcp' | 'udp' | 'both'

/** Port names and what each is used for. */
export type PortNeeds = Readonly<Record<string, { readonly protocol: Protocol }>>

/** An instance; its name is for people. */
export interface PortOwner {
  readonly id: number
  readonly name: string
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Gives out the ports of a host's range so that no two instances have the same. */
export class PortAllocator {
  readonly #range: PortRange
  readonly #owners = new Map<number, PortOwner>()

  constructor(range: PortRange) {
    this.#range = range
  }

  /** Notes ports that an instance already has, such as those on record from before a restart. */
  claim(instance: PortOwner, ports: Readonly<Record<string, number>>): void {
    for (const port of Object.values(ports)) this.#owners.set(port, ownerOf(instance))
  }

  release(instanceId: number): void {
    for (const [port, { id }] of this.#owners) if (id === instanceId) this.#owners.delete(port)
  }

  /**
   * Ports for an instance: those that were asked for, those that it has already, and free ones from the range for the
   * rest. Throws `port_taken` when another instance has one that was asked for, `no_free_port`.
   */
  async allocate(instance: PortOwner, needs: PortNeeds, wanted: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    const before = [...this.#owners].filter(([, { id }]) => id === instance.id)
    try {
      const result = await this.#choose(instance, needs, wanted, current)
      this.release(instance.id)
      this.claim(instance, result)
      return result
    } catch (error) {
      // What was held on the way is free again.
      this.release(instance.id)
      for (const [port, owner] of before) this.#owners.set(port, owner)
      throw error
    }
  }

  async #choose(instance: PortOwner, needs: PortNeeds, wanted: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    const result: Record<string, number> = {}
    for (const [name, port] of Object.entries(wanted)) {
      const owner = this.#owners.get(port)
      if (owner && owner.id !== instance.id) {
        throw new ClusterError('port_taken', `Port ${port} (${name}) belongs to the instance ${owner.name} (id ${owner.id}) on this slave; choose another`, { details: { port } })
      }
      result[name] = port
    }
    for (const [name, { protocol }] of Object.entries(needs)) {
      const kept = current[name]
      const mayKeep = kept !== undefined && (this.#owners.get(kept) ?? instance).id === instance.id && !Object.values(result).includes(kept)
      result[name] ??= mayKeep ? kept : await this.#next(instance, protocol, result)
    }
    return result
  }

  async #next(instance: PortOwner, protocol: Protocol, taken: Readonly<Record<string, number>>): Promise<number> {
    for (let port = this.#range.first; port <= this.#range.last; port += 1) {
      if (this.#owners.has(port) || Object.values(taken).includes(port)) continue
      // Held while the system is asked, so that two instances at once don't settle on the same.
      this.#owners.set(port, ownerOf(instance))
      if (await isPortFree(port, protocol)) return port
      this.#owners.delete(port)
    }
    throw new ClusterError('no_free_port', `No port from ${this.#range.first} to ${this.#range.last} is free on this slave; widen port_first and port_last in its config`)
  }
}

/** No more than that: whatever else an assignment holds is not kept by its ports. */
function ownerOf({ id, name }: PortOwner): PortOwner {
  return { id, name }
}

/** Whether a program could bind this port on all addresses now. */
export async function isPortFree(port: number, protocol: Protocol): Promise<boolean> {
  if (protocol !== 'udp' && !await isTcpPortFree(port)) return false
  return protocol === 'tcp' || isUdpPortFree(port)
}

function isTcpPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

function isUdpPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => {
      socket.close()
      resolve(false)
    })
    socket.bind({ port, address: '0.0.0.0', exclusive: true }, () => socket.close(() => resolve(true)))
  })
}
