import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import type { OutputListener } from '../run/output.ts'
import { askGame, Asks } from './ask-game.ts'

/** A game that prints an answer to each line some time after it has read it. */
function slowGame() {
  const listeners = new Set<OutputListener>()
  const read: string[] = []
  const follow = (_from: number, listener: OutputListener): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const console = {
    send: async (line: string) => {
      read.push(line)
      setTimeout(() => {
        for (const listener of listeners) listener(0, Buffer.from(`answer to ${line}\n`))
      }, 20)
    },
  }
  return { read, game: { run: { output: { end: 0, follow }, onExit: () => () => {} }, console } as never }
}

describe('What is asked of a game at once', () => {
  it('is asked one after the other: each gets its own answer', async () => {
    const { game } = slowGame()
    const asks = new Asks()
    const ask = (line: string): Promise<string> => asks.take(() => askGame(game, line, { console: { input: 'stdin', line_gap_ms: 0, answer_ms: 1_000 } }))
    expect(await Promise.all(['one', 'two', 'three'].map(ask))).to.deep.equal(['answer to one', 'answer to two', 'answer to three'])
  })

  it('goes on after one that fails', async () => {
    const asks = new Asks()
    const first = failureOf(asks.take(() => Promise.reject(new ClusterError('wrong_state', 'gone'))))
    expect(await asks.take(async () => 2)).to.equal(2)
    expect(await first).to.include({ message: 'gone' })
  })

  it('is refused where too much waits already', async () => {
    const asks = new Asks()
    let finish: () => void = () => {}
    const all = [asks.take(() => new Promise<void>((resolve) => { finish = resolve }))]
    for (let i = 1; i < 100; i += 1) all.push(asks.take(async () => {}))
    expect(await failureOf(asks.take(async () => {}))).to.include({ code: 'console_unavailable' })
    finish()
    await Promise.all(all)
    expect(await asks.take(async () => 'again')).to.equal('again')
  })
})
