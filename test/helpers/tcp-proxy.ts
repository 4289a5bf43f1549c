import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Cleanups } from './cleanups.ts'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** A TCP proxy on 127.0.0.1 that can do to connections what networks do. */
export class TcpProxy {
  readonly #pairs = new Set<Pair>()
  readonly port: number
  /** Where connections go. */
  targetPort: number
  /** Nothing is passed on any more, in either direction, and nobody is told. */
  isBlackHole = false
  /** How long each piece is held back, at most. */
  maxDelayMs = 0
  /** Bytes that are still passed on, in any direction, before all connections are cut; undefined: no cut. */
  cutAfterBytes: number | undefined
  cuts = 0
  #isCutting = false

  private constructor(port: number, targetPort: number) {
    this.port = port
    this.targetPort = targetPort
  }

  static async start(cleanups: Cleanups, targetPort = 0): Promise<TcpProxy> {
    const server = createServer()
    server.listen({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const proxy = new TcpProxy((server.address() as AddressInfo).port, targetPort)
    server.on('connection', (client) => proxy.#join(client))
    cleanups.add(() => {
      server.close()
      proxy.cut()
    })
    return proxy
  }

  /** Ends all connections at once, as a reset. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    this.#pairs.clear()
  }

  #join(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1' })
    const pair = { client, server }
    this.#pairs.add(pair)
    this.#pass(client, server, pair)
    this.#pass(server, client, pair)
  }

  #pass(from: Socket, to: Socket, pair: Pair): void {
    let passed = Promise.resolve()
    from.on('error', () => {})
    from.on('close', () => {
      this.#pairs.delete(pair)
      void passed.then(() => to.destroy())
    })
    from.on('data', (data) => {
      // One after the other: TCP reorders nothing.
      passed = passed.then(() => this.#later()).then(() => this.#write(to, data))
    })
  }

  #write(to: Socket, data: Buffer): void {
    if (this.isBlackHole || this.#isCutting || to.destroyed) return
    const left = this.cutAfterBytes
    if (left === undefined) {
      to.write(data)
      return
    }
    // The rest of the piece is lost, wherever that is in a frame.
    this.cutAfterBytes = left - data.length
    to.write(data.subarray(0, left))
    if (data.length < left) return
    this.cutAfterBytes = undefined
    this.cuts += 1
    // What comes after the lost piece must not arrive either: that would be no cut but a corruption.
    this.#isCutting = true
    setImmediate(() => {
      this.cut()
      this.#isCutting = false
    })
  }

  #later(): Promise<void> | undefined {
    const delayMs = Math.random() * this.maxDelayMs
    return delayMs < 1 ? undefined : new Promise((resolve) => { setTimeout(resolve, delayMs) })
  }
}
