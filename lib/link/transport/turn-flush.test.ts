import { expect } from 'chai'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TurnFlush } from './turn-flush.ts'

/** A connection that notes what is written together. */
function connection(): { send(text: string): void; written: string[] } {
  const written: string[] = []
  let waiting = ''
  const turn = new TurnFlush(() => {
    if (waiting !== '') written.push(waiting)
    waiting = ''
  })
  return {
    written,
    send: (text) => {
      waiting += text
      turn.ask()
    },
  }
}

describe('TurnFlush', () => {
  it('writes what one piece of work sends together, however many promises it takes', async () => {
    const { send, written } = connection()
    await nextTurn()
    for (const text of ['a', 'b', 'c']) {
      void (async () => {
        send(text)
        for (let step = 0; step < 10; step += 1) await Promise.resolve()
        send(text.toUpperCase())
      })()
    }
    expect(written).to.deep.equal([])
    await nextTurn()
    expect(written).to.deep.equal(['abcABC'])
  })

  it('writes the first of a turn at once, what other work of the turn sends together, and the first of the next at once again', async () => {
    const { send, written } = connection()
    // Timers of one length that were made together are run in one turn.
    const timers = ['a', 'b', 'c'].map((text) => new Promise<string[]>((resolve) => {
      setTimeout(() => {
        const before = [...written]
        send(text)
        resolve(before)
      }, 1)
    }))
    expect(await Promise.all(timers)).to.deep.equal([[], ['a'], ['a']])
    await nextTurn()
    expect(written).to.deep.equal(['a', 'bc'])
    send('d')
    await new Promise((resolve) => { setTimeout(resolve, 1) })
    expect(written).to.deep.equal(['a', 'bc', 'd'])
  })
})
