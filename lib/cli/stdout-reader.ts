import { guardStream } from '../log/guard-stream.ts'

/** From now on this process ends when nobody reads its stdout any more: `… | head` is no failure. Nothing happens where stderr can't be written. */
export function endWithReader(): void {
  process.stdout.on('error', end)
  guardStream(process.stderr)
}

/** For a program that stays: it goes on, or ends in order, also when its terminal is gone. */
export function outliveReader(): void {
  process.stdout.off('error', end)
  guardStream(process.stdout)
  guardStream(process.stderr)
}

function end(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`Cannot write to stdout: ${error.message}\n`)
  process.exit(1)
}
