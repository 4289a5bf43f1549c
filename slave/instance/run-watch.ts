import { LineSplitter } from '../../lib/text/line-splitter.ts'
import type { RunOutput } from '../run/output.ts'
import type { LineMatcher } from '../../lib/template/line-matcher.ts'

export interface PlayerActivity {
  readonly kind: 'join' | 'leave' | 'chat'
  readonly player: string
  readonly text?: string
}

interface RunWatchOwner {
  ready(): void
  failed(line: string): void
  playersChanged(): void
  activity(activity: PlayerActivity): void
  /** Every line, also those that the template says nothing of. */
  line(text: string): void
}

/** Players beyond this are not counted: a game can print any number of names. */
const maxPlayers = 10_000

/**
 * Reads a run's output line by line for what the template knows: the ready line, players who join, leave and speak.
 * It reads from the beginning, so that after an adoption the players are known again; what was printed before is
 * not told again as news.
 */
export class RunWatch {
  readonly #owner: RunWatchOwner
  readonly #matcher: LineMatcher
  readonly #lines: LineSplitter
  readonly #newsFrom: number
  readonly #players = new Set<string>()
  readonly #stop: () => void

  constructor(output: RunOutput, matcher: LineMatcher, owner: RunWatchOwner) {
    this.#owner = owner
    this.#matcher = matcher
    this.#newsFrom = output.end
    this.#lines = new LineSplitter(output.head)
    this.#stop = output.follow(output.head, (offset, bytes) => {
      for (const line of this.#lines.push(offset, bytes)) this.#match(line.text, line.offset >= this.#newsFrom)
    }, { skipsGone: true })
  }

  get players(): string[] {
    return [...this.#players].sort()
  }

  close(): void {
    this.#stop()
  }

  #match(text: string, isNews: boolean): void {
    if (isNews) this.#owner.line(text)
    if (isNews && this.#matcher.isFailure(text)) this.#owner.failed(text)
    for (const found of this.#matcher.match(text)) {
      if (found.kind === 'ready') this.#owner.ready()
      else this.#player(found, isNews)
    }
  }

  #player(activity: PlayerActivity, isNews: boolean): void {
    const before = this.#players.size
    if (activity.kind === 'join' && before < maxPlayers) this.#players.add(activity.player)
    if (activity.kind === 'leave') this.#players.delete(activity.player)
    if (this.#players.size !== before) this.#owner.playersChanged()
    if (isNews) this.#owner.activity(activity)
  }
}
