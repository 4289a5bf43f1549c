import type { Writable } from 'node:stream'

const guarded = new WeakSet<Writable>()

/** Ignores a stream's errors from now on: a program goes on when its log cannot be written (a closed pipe, a full disk). */
export function guardStream(stream: Writable): void {
  if (guarded.has(stream)) return
  guarded.add(stream)
  stream.on('error', () => {})
}
