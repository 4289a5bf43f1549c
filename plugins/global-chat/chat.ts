export interface Config {
  readonly format: string
  readonly instances: readonly string[]
}

/** An instance as chat sees it, in the master or on a slave. */
interface Game {
  readonly id: number
  readonly name: string
  readonly status: string
  readonly players: readonly string[]
}

/** Lines that wait to be said in one game; beyond it the newest are left out, for old chat is worth more than a flood. */
const maxWaiting = 20

export function takesPart({ instances }: Config, { name, status }: Game): boolean {
  return status === 'running' && (instances.length === 0 || instances.includes(name))
}

/** What is said elsewhere of a player's words, or undefined where they are not passed on. */
export function relayed(config: Config, game: Game, player: string, text: string): string | undefined {
  // What the console says, this plugin included, is printed as chat too: passed on, it would go round for ever.
  if (!game.players.includes(player) || !takesPart(config, game)) return undefined
  return config.format.replaceAll(/\{(instance|player|text)\}/g, (_whole, field: string) => (
    field === 'instance' ? game.name : field === 'player' ? player : text
  ))
}

/** Says lines in games through `send`, in order and few at a time. */
export class Speaker {
  readonly #send: (instanceId: number, line: string) => Promise<void>
  readonly #waiting = new Map<number, number>()

  constructor(send: (instanceId: number, line: string) => Promise<void>) {
    this.#send = send
  }

  /** False when the line was left out because too many wait for that game. Throws as `send` does. */
  async say(instanceId: number, line: string): Promise<boolean> {
    const ahead = this.#waiting.get(instanceId) ?? 0
    if (ahead >= maxWaiting) return false
    this.#waiting.set(instanceId, ahead + 1)
    try {
      await this.#send(instanceId, line)
      return true
    } finally {
      const left = (this.#waiting.get(instanceId) ?? 1) - 1
      if (left > 0) this.#waiting.set(instanceId, left)
      else this.#waiting.delete(instanceId)
    }
  }
}
