import type { Duplex } from 'node:stream'
import type { Logger } from '../../lib/log/logger.ts'
import { HeldBytes } from '../../lib/net/held-bytes.ts'
import { FrameMeter } from './frame-meter.ts'

interface Unknown {
  readonly address: string
  readonly socket: Duplex
}

/**
 * Bounds what WebSockets, at all doors, that have not shown who they are make the master keep of messages whose rest does
 * not come. Where that is too much, the connection that has most of it is ended.
 */
export class HalfMessages {
  readonly #held: HeldBytes<Unknown>
  readonly #log: Logger

  constructor(maxBytes: number, log: Logger) {
    this.#held = new HeldBytes({ perHolder: Infinity, perAddress: Infinity, total: maxBytes })
    this.#log = log
  }

  /** Watches a connection until it is closed or the returned function is called; it must not have been read from. */
  watch(socket: Duplex, address: string): () => void {
    const holder: Unknown = { address, socket }
    const meter = new FrameMeter()
    const emit = socket.emit
    let isWatched = true
    // Whoever reads the socket, and however, gets all of it as these events; a listener of ours would set it flowing.
    const watching: typeof socket.emit = (event: string | symbol, ...args: unknown[]) => {
      if (isWatched && event === 'data') this.#take(holder, meter.push(args[0] as Buffer))
      return emit.call(socket, event as never, ...args as never[])
    }
    socket.emit = watching
    const stop = (): void => {
      if (!isWatched) return
      isWatched = false
      this.#held.leave(holder)
      if (socket.emit === watching) socket.emit = emit
    }
    socket.once('close', stop)
    return stop
  }

  #take(holder: Unknown, bytes: number): void {
    const more = bytes - this.#held.of(holder)
    if (more !== 0) this.#held.force(holder, more)
    for (let largest = this.#held.largest; largest; largest = this.#held.largest) {
      this.#log.warn('Too much is kept of unfinished messages of connections that have not logged in (limits.unauthenticated_bytes): the one with most is ended', { address: largest.address })
      this.#held.leave(largest)
      largest.socket.destroy()
    }
  }
}
