import type { Transport, TransportEvents } from './transport.ts'

class MemoryTransport implements Transport {
  readonly address = 'memory'
  readonly bufferedBytes = 0
  peer: MemoryTransport | undefined
  #events: TransportEvents | undefined
  #early: Array<() => void> = []
  #isOpen = true

  get isOpen(): boolean {
    return this.#isOpen
  }

  start(events: TransportEvents): void {
    this.#events = events
    for (const deliver of this.#early.splice(0)) deliver()
  }

  send(frame: string): void {
    if (!this.#isOpen) return
    this.peer?.deliver((events) => events.frame(frame))
  }

  close(code: number, reason: string): void {
    this.#end(code, reason)
    this.peer?.deliver(() => this.peer?.end(code, reason))
  }

  terminate(): void {
    this.close(1006, '')
  }

  ping(): void {
    this.deliver((events) => events.alive())
  }

  pause(): void {}
  resume(): void {}

  end(code: number, reason: string): void {
    this.#end(code, reason)
  }

  deliver(call: (events: TransportEvents) => void): void {
    queueMicrotask(() => {
      const deliver = (): void => {
        if (this.#events && this.#isOpen) call(this.#events)
      }
      if (this.#events) deliver()
      else this.#early.push(deliver)
    })
  }

  #end(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    queueMicrotask(() => this.#events?.closed({ code, reason }))
  }
}

/** Two ends of one connection within this process: what the one sends the other gets. */
export function memoryTransportPair(): [Transport, Transport] {
  const [left, right] = [new MemoryTransport(), new MemoryTransport()]
  left.peer = right
  right.peer = left
  return [left, right]
}
