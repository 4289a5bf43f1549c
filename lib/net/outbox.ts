/** Where frames go that were joined: a connection, as the outbox needs it. */
export interface Outgoing {
  /** Gives up the frames that wait, for good. */
  take(): Buffer[]
  write(bytes: Buffer): void
}

/** Frames from this size on are written as they are: to copy them costs more than a write does, and memory for each receiver. */
const largeBytes = 65_536

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
    let joined: Buffer[] = []
    for (const connection of dirty) {
      const frames = connection.take()
      if (!areSame(frames, last)) {
        joined = join(frames)
        last = frames
      }
      for (const bytes of joined) connection.write(bytes)
    }
  }
}

function join(frames: Buffer[]): Buffer[] {
  if (frames.length < 2) return frames
  const joined: Buffer[] = []
  let small: Buffer[] = []
  const flush = (): void => {
    if (small.length > 0) joined.push(small.length === 1 && small[0] ? small[0] : Buffer.concat(small))
    small = []
  }
  for (const frame of frames) {
    if (frame.length < largeBytes) {
      small.push(frame)
    } else {
      flush()
      joined.push(frame)
    }
  }
  flush()
  return joined
}

function areSame(left: readonly Buffer[], right: readonly Buffer[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false
  return true
}
