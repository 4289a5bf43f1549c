import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

export type Protocol = 'tcp' | 'udp' | 'both'

/** Port names and what each is used for. */
export type PortNeeds = Readonly<Record<string, { readonly protocol: Protocol }>>

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Gives out the ports of a host's range so that no two instances have the same. */
export class PortAllocator {
  readonly #range: PortRange
  readonly #owners = new Map<number, number>()

  constructor(range: PortRange) {
    this.#range = range
  }

  /** Notes ports that an instance already has, such as those on record from before a restart. */
  claim(instanceId: number, ports: Readonly<Record<string, number>>): void {
    for (const port of Object.values(ports)) this.#owners.set(port, instanceId)
  }

  release(instanceId: number): void {
    for (const [port, owner] of this.#owners) if (owner === instanceId) this.#owners.delete(port)
  }

  /**
   * Ports for an instance: those that were asked for, those that it has already, and free ones from the range for the
   * rest. Throws `port_taken` when another instance has one that was asked for, `no_free_port`.
   */
  async allocate(instanceId: number, needs: PortNeeds, wanted: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    const before = [...this.#owners].filter(([, owner]) => owner === instanceId).map(([port]) => port)
    try {
      const result = await this.#choose(instanceId, needs, wanted, current)
      this.release(instanceId)
      this.claim(instanceId, result)
      return result
    } catch (error) {
      // What was held on the way is free again.
      this.release(instanceId)
      for (const port of before) this.#owners.set(port, instanceId)
      throw error
    }
  }

  async #choose(instanceId: number, needs: PortNeeds, wanted: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    const result: Record<string, number> = {}
    for (const [name, port] of Object.entries(wanted)) {
      const owner = this.#owners.get(port)
      if (owner !== undefined && owner !== instanceId) {
        throw new ClusterError('port_taken', `Port ${port} (${name}) belongs to instance ${owner} on this slave; choose another`, { details: { port } })
      }
      result[name] = port
    }
    for (const [name, { protocol }] of Object.entries(needs)) {
      const kept = current[name]
      const mayKeep = kept !== undefined && (this.#owners.get(kept) ?? instanceId) === instanceId && !Object.values(result).includes(kept)
      result[name] ??= mayKeep ? kept : await this.#next(instanceId, protocol, result)
    }
    return result
  }

  async #next(instanceId: number, protocol: Protocol, taken: Readonly<Record<string, number>>): Promise<number> {
    for (let port = this.#range.first; port <= this.#range.last; port += 1) {
      if (this.#owners.has(port) || Object.values(taken).includes(port)) continue
      // Held while the system is asked, so that two instances at once don't settle on the same.
      this.#owners.set(port, instanceId)
      if (await isPortFree(port, protocol)) return port
      this.#owners.delete(port)
    }
    throw new ClusterError('no_free_port', `No port from ${this.#range.first} to ${this.#range.last} is free on this slave; widen port_first and port_last in its config`)
  }
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
