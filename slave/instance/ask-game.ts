import { setTimeout as delay } from 'node:timers/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { LineMatcher } from '../../lib/template/line-matcher.ts'
import type { Template } from '../../lib/template/schema.ts'
import { LineSplitter } from '../../lib/text/line-splitter.ts'
import type { Run } from '../run/run.ts'
import type { GameConsole } from './game-console.ts'

/** A game that can be spoken to. */
interface SpeakingGame {
  readonly run: Pick<Run, 'output' | 'onExit'>
  readonly console: GameConsole
}

const defaultAnswerMs = 1_000
/** An answer that was followed by silence for this long is over. */
const silenceMs = 200
const maxAnswerBytes = 64 * 1024

/** How long an ask waits for those before it, and how many wait at once. */
const maxWaitMs = 10_000
const maxOpenAsks = 100

/** The asks of one game, one after the other: at once, each would take what answers the others for its own answer. */
export class Asks {
  #last: Promise<unknown> = Promise.resolve()
  #open = 0

  /** Does the work when all before has been done. Throws what that throws, and `console_unavailable` when its turn does not come in time; then it is not done. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open >= maxOpenAsks) throw stillAnswering()
    const latest = performance.now() + maxWaitMs
    this.#open += 1
    const turn = this.#last.then(() => {
      if (performance.now() > latest) throw stillAnswering()
      return work()
    })
    this.#last = turn.catch(() => {}).then(() => { this.#open -= 1 })
    return turn
  }
}

function stillAnswering(): ClusterError {
  return new ClusterError('console_unavailable', 'The game is still being asked other things; the line was not sent, try again')
}

/**
 * Sends a line and gives what the game prints after it: until it falls silent, for as long as the template says at most,
 * and no more than 64 KiB. A console tells no answer from other output. Throws as `console.send` does.
 */
export async function askGame({ run, console }: SpeakingGame, line: string, { console: { answer_ms: windowMs = defaultAnswerMs } }: Pick<Template, 'console'>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  const over = new AbortController()
  let isSent = false
  let silence: NodeJS.Timeout | undefined
  const stop = run.output.follow(run.output.end, (_offset, bytes) => {
    if (length < maxAnswerBytes) pieces.push(Uint8Array.from(bytes))
    length += bytes.length
    // What comes before it was sent answers something else.
    if (!isSent) return
    clearTimeout(silence)
    silence = setTimeout(() => over.abort(), silenceMs)
  })
  const forget = run.onExit(() => over.abort())
  try {
    await console.send(line)
    isSent = true
    await delay(windowMs, undefined, { signal: over.signal }).catch(() => {})
  } finally {
    clearTimeout(silence)
    forget()
    stop()
  }
  return Buffer.concat(pieces).subarray(0, maxAnswerBytes).toString('utf8').replace(/\r?\n$/, '')
}

/** Has a game that runs save its world; resolves when it says that it has. Throws `wrong_state`, `deadline`, and as `console.send` does. */
export async function saveGame({ run, console }: SpeakingGame, { id, save }: Pick<Template, 'id' | 'save'>): Promise<void> {
  if (!save) throw new ClusterError('wrong_state', `The template ${id} does not say how its games save while they run; stop the instance, which saves where the game does, or add \`save\` to the template`)
  const { command, regex, deadline_ms: deadlineMs } = save
  if (regex === undefined) return console.send(command)
  const matcher = new LineMatcher({ ready: { regex, deadline_ms: deadlineMs } })
  const lines = new LineSplitter(run.output.end)
  const over = new AbortController()
  let isSaved = false
  const stop = run.output.follow(run.output.end, (offset, bytes) => {
    isSaved ||= lines.push(offset, bytes).some(({ text }) => matcher.match(text).length > 0)
    if (isSaved) over.abort()
  })
  const forget = run.onExit(() => over.abort())
  try {
    await console.send(command)
    await delay(deadlineMs, undefined, { signal: over.signal }).catch(() => {})
  } finally {
    forget()
    stop()
  }
  if (isSaved) return
  if (over.signal.aborted) throw new ClusterError('wrong_state', 'The game ended before it said that it had saved')
  throw new ClusterError('deadline', `The game did not say within ${deadlineMs / 1_000} s that it has saved; it may still do it`)
}
