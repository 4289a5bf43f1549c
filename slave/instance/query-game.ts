export interface GameQuery {
  /** A game or protocol as gamedig names it, such as `minecraft` or `protocol-valve`. */
  readonly type: string
  readonly host: string
  readonly port: number
}

/** The one thing that is used of gamedig, which has no types. */
interface GameDigModule {
  readonly GameDig: {
    query(options: { type: string; host: string; port: number; givenPortOnly: boolean; maxRetries: number; socketTimeout: number; attemptTimeout: number }): Promise<unknown>
  }
}

// A name in a variable: the package has no types to find.
const packageName: string = 'gamedig'

/** Asks a game server for its status as a client's server list does. What is wrong, or undefined when it answered. */
export async function queryGame({ type, host, port }: GameQuery, deadlineMs: number, signal: AbortSignal): Promise<string | undefined> {
  const silent = `it did not answer a ${type} query on port ${port}`
  const ended = new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve(silent), { once: true }))
  return Promise.race([ended, ask()])

  async function ask(): Promise<string | undefined> {
    try {
      const { GameDig } = await import(packageName) as GameDigModule
      await GameDig.query({ type, host, port, givenPortOnly: true, maxRetries: 1, socketTimeout: deadlineMs, attemptTimeout: deadlineMs })
      return undefined
    } catch (error) {
      return `${silent} (${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)})`
    }
  }
}
