import { outliveReader } from './stdout-reader.ts'

/**
 * Resolves with the first SIGINT, SIGTERM or SIGHUP, which comes when the terminal is closed. A second one ends the
 * process at once, but for SIGHUP: shell and system both send it.
 */
export function untilSignal(): Promise<NodeJS.Signals> {
  outliveReader()
  return new Promise((resolve) => {
    let isAsked = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isAsked && signal !== 'SIGHUP') process.exit(130)
      isAsked = true
      resolve(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}
