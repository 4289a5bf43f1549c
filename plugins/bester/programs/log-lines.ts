import type { Readable } from 'node:stream'

/** Of a longer line only the beginning is logged. */
const maxLineLength = 2_000
/** Lines of one program that are logged within a second; the rest is counted. */
const maxLinesPerSecond = 100

/** Logs what a program prints, line by line, and no more of it than a log can bear. */
export function logLines(stream: Readable, log: (line: string) => void, now: () => number = Date.now): void {
  let rest = ''
  let [second, count, dropped] = [0, 0, 0]

  function line(text: string): void {
    const current = Math.floor(now() / 1_000)
    if (current !== second) {
      if (dropped > 0) log(`… ${dropped} lines left out`)
      ;[second, count, dropped] = [current, 0, 0]
    }
    count += 1
    if (count <= maxLinesPerSecond) log(text.slice(0, maxLineLength))
    else dropped += 1
  }

  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, maxLineLength)
    for (const one of lines) if (one.trim() !== '') line(one.trimEnd())
  })
  stream.on('end', () => {
    if (rest.trim() !== '') line(rest.trimEnd())
  })
  stream.on('error', () => {})
}
