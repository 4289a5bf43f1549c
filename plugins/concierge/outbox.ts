/** Where frames go that were joined: a connection, as the outbox needs it. */
export interface Outgoing {
  /** Gives up the frames that wait, for good. */
  take(): Buffer[]
  write(bytes: Buffer): void
}

/**
 * Lets frames leave once per tick: all that a connection got meanwhile in one write, and the join of the frames is made
 * once for neighbours that got the same, as the subscribers of a busy group do.
 */
export class Outbox {
  #dirty: Outgoing[] = []

  /** Has the connection's frames written at the end of this tick; to be called for the first of them. */
  add(connection: Outgoing): void {
    if (this.#dirty.push(connection) === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    let last: Buffer[] = []
    let joined: Buffer = Buffer.alloc(0)
    for (const connection of dirty) {
      const frames = connection.take()
      if (frames.length === 0) continue
      if (!areSame(frames, last)) {
        joined = frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames)
        last = frames
      }
      connection.write(joined)
    }
  }
}

function areSame(left: readonly Buffer[], right: readonly Buffer[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false
  return true
}
