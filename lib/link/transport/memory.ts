import type { Transport, TransportEvents } from './transport.ts'

type Delivery = (events: TransportEvents) => void

class MemoryTransport implements Transport {
  readonly address = 'memory'
  readonly bufferedBytes = 0
  peer: MemoryTransport | undefined
  #events: TransportEvents | undefined
  #early: Delivery[] = []
  #isOpen = true

  get isOpen(): boolean {
    return this.#isOpen
  }

  start(events: TransportEvents): void {
    this.#events = events
    for (const delivery of this.#early.splice(0)) this.#later(delivery)
  }

  send(frame: string): void {
    if (this.#isOpen) this.peer?.deliver(({ frame: take }) => take(frame))
  }

  close(code: number, reason: string): void {
    this.end(code, reason)
    this.peer?.deliver(() => this.peer?.end(code, reason))
  }

  terminate(): void {
    this.close(1006, '')
  }

  ping(): void {
    if (this.#isOpen && this.peer?.isOpen) this.deliver(({ alive }) => alive())
  }

  pause(): void {}
  resume(): void {}

  /** What comes from the other end: after all that came before it, and never once this end is closed. */
  deliver(delivery: Delivery): void {
    this.#later((events) => {
      if (this.#isOpen) delivery(events)
    })
  }

  end(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#later(({ closed }) => closed({ code, reason }))
  }

  #later(delivery: Delivery): void {
    const events = this.#events
    if (events) queueMicrotask(() => delivery(events))
    else this.#early.push(delivery)
  }
}

/** Two ends of one connection within this process: what the one sends the other gets. */
export function memoryTransportPair(): [Transport, Transport] {
  const [left, right] = [new MemoryTransport(), new MemoryTransport()]
  left.peer = right
  right.peer = left
  return [left, right]
}
