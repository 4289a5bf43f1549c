import { compileRegex, MATCH_LIMIT_CHARS } from './regex.ts'
import type { Template } from './schema.ts'

const PLAYER_LIMIT_CHARS = 128

/** What a line of a game's output says. A game's own chat has `<server>` or what the game calls itself as player. */
export type LineMatch =
  | { kind: 'ready' }
  | { kind: 'join'; player: string }
  | { kind: 'leave'; player: string }
  | { kind: 'chat'; player: string; text: string }

/**
 * Reads lines of a game's output as its template says. Colours (ANSI sequences) are taken out first and only the first 2048
 * characters are looked at: lines come from games, and through chat from players.
 */
export class LineMatcher {
  readonly #ready: RegExp | undefined
  readonly #failed: RegExp | undefined
  readonly #join: readonly RegExp[]
  readonly #leave: readonly RegExp[]
  readonly #chat: readonly RegExp[]

  constructor({ ready, events = {} }: Pick<Template, 'ready' | 'events'>) {
    this.#ready = ready && compileRegex(ready.regex)
    this.#failed = ready?.failed === undefined ? undefined : compileRegex(ready.failed)
    this.#join = compileAll(events.join)
    this.#leave = compileAll(events.leave)
    this.#chat = compileAll(events.chat)
  }

  /** All that the line says, in this order: ready, join, leave, chat; mostly nothing. Never throws. */
  match(line: string): LineMatch[] {
    const text = plain(line)
    const found: LineMatch[] = []
    if (this.#ready?.test(text)) found.push({ kind: 'ready' })
    for (const kind of ['join', 'leave'] as const) {
      const player = nameIn(firstMatch(kind === 'join' ? this.#join : this.#leave, text))
      if (player !== undefined) found.push({ kind, player })
    }
    const chat = firstMatch(this.#chat, text)
    const speaker = nameIn(chat)
    if (speaker !== undefined) found.push({ kind: 'chat', player: speaker, text: chat?.text ?? '' })
    return found
  }

  /** Whether the line says that a start has failed (`ready.failed`), for games that go on running then. */
  isFailure(line: string): boolean {
    return this.#failed?.test(plain(line)) ?? false
  }
}

function compileAll(sources: string | readonly string[] | undefined): RegExp[] {
  if (sources === undefined) return []
  return (typeof sources === 'string' ? [sources] : sources).map(compileRegex)
}

function firstMatch(regexes: readonly RegExp[], text: string): Record<string, string | undefined> | undefined {
  for (const regex of regexes) {
    const groups = regex.exec(text)?.groups
    if (groups) return groups
  }
  return undefined
}

function nameIn(groups: Record<string, string | undefined> | undefined): string | undefined {
  const player = groups?.player?.slice(0, PLAYER_LIMIT_CHARS)
  return player === '' ? undefined : player
}

/** The line as a person sees it, cut. Most lines have no escape character, and searching for one is cheap. */
function plain(line: string): string {
  const cut = line.length > MATCH_LIMIT_CHARS ? line.slice(0, MATCH_LIMIT_CHARS) : line
  const text = cut.includes('\u001b') ? cut.replace(/\u001b\[[0-9;?]*[A-Za-z]/gu, '') : cut
  return text.endsWith('\r') ? text.slice(0, -1) : text
}
