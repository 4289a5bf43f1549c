import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { ClusterError } from '../errors/cluster-error.ts'

/** stdin, as far as secrets are read from it. */
export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown }

/** No secret is longer. */
const maxBytes = 8_192

/** A secret that is piped in: all of stdin but the line end. `what` names it. Throws `invalid_request`. */
export async function pipedSecret(stdin: Input, what: string): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of stdin) {
    pieces.push(Buffer.from(piece as Buffer))
    bytes += (piece as Buffer).length
    if (bytes > maxBytes) throw new ClusterError('invalid_request', `What came on stdin is too long for a ${what}`)
  }
  const secret = Buffer.concat(pieces).toString().replace(/\r?\n$/, '')
  if (secret === '') throw new ClusterError('invalid_request', `The ${what} on stdin is empty`)
  if (/[\r\n]/.test(secret)) throw new ClusterError('invalid_request', `There are several lines on stdin; a ${what} is one`)
  return secret
}

/** Asks a person at a terminal for secrets, which are typed unseen. Nothing works the terminal otherwise before `close`. */
export class SecretPrompt {
  readonly #keys: Keys
  readonly #ask: (text: string) => void

  /** `ask` prints a question after which the cursor stays. Throws `invalid_request` with `advice` where stdin is no terminal. */
  constructor(stdin: Input, ask: (text: string) => void, advice: string) {
    if (!stdin.isTTY || !stdin.setRawMode) throw new ClusterError('invalid_request', advice)
    this.#keys = new Keys(stdin)
    this.#ask = ask
  }

  /** What is typed until the line is ended, or the terminal goes. */
  async question(text: string): Promise<string> {
    this.#ask(text)
    try {
      return await this.#line()
    } finally {
      this.#ask('\n')
    }
  }

  close(): void {
    this.#keys.close()
  }

  async #line(): Promise<string> {
    const characters: string[] = []
    for (;;) {
      const key = await this.#keys.next()
      if (key === '\r' || key === '\n' || key === '\x04') return characters.join('')
      if (key === '\x7f' || key === '\b') characters.pop()
      else if (key === '\x15') characters.length = 0
      else if (key === '\x03') process.kill(process.pid, 'SIGINT')
      else if (key >= ' ') characters.push(key)
    }
  }
}

/** What is typed, key by key and unseen. The terminal passes on Ctrl-C as a key then, not as a signal. */
class Keys {
  readonly #stdin: Input
  readonly #typed: string[] = []

  constructor(stdin: Input) {
    this.#stdin = stdin
    stdin.setEncoding('utf8')
    stdin.setRawMode?.(true)
  }

  async next(): Promise<string> {
    for (;;) {
      const key = this.#typed.shift()
      if (key !== undefined) return key
      const text = this.#stdin.read() as string | null
      if (text !== null) this.#typed.push(...Array.from(text))
      else if (this.#stdin.readableEnded) return '\x04'
      else await Promise.race([once(this.#stdin, 'readable'), once(this.#stdin, 'end')])
    }
  }

  close(): void {
    this.#stdin.setRawMode?.(false)
    this.#stdin.pause()
  }
}
