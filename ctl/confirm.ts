import { createInterface } from 'node:readline'
import type { Context } from './context.ts'

/** Asks a person at the terminal; anything but a yes is a no. */
export async function confirm({ stdin, ask }: Pick<Context, 'stdin' | 'ask'>, question: string): Promise<boolean> {
  // Line editing is left to the terminal, so that Ctrl-C stays a signal.
  const lines = createInterface({ input: stdin, terminal: false })
  ask(`${question} [y/N] `)
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(''))
    })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
    stdin.pause()
  }
}
