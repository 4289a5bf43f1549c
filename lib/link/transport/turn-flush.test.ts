import { expect } from 'chai'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pluginFlush, TurnFlush } from './turn-flush.ts'

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
    // Behind the microtask that asks for the tick; still before the end of the turn.
    await new Promise<void>((resolve) => queueMicrotask(() => process.nextTick(resolve)))
    expect(written).to.deep.equal(['a', 'bc', 'd'])
  })

  it('takes what is sent while it flushes', async () => {
    const written: string[] = []
    const waiting = ['first']
    const turn: TurnFlush = new TurnFlush(() => {
      const text = waiting.pop()
      if (text === undefined) return
      written.push(text)
      if (text !== 'first') return
      waiting.push('answer')
      turn.ask()
    })
    turn.ask()
    await nextTurn()
    await nextTurn()
    expect(written).to.deep.equal(['first', 'answer'])
  })

  it('flushes the others when one throws, in this turn and later', async () => {
    const { send, written } = connection()
    const bad = new TurnFlush(() => { throw new Error('a broken flush') })
    const thrown: unknown[] = []
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => thrown.push(error))
    try {
      for (const text of ['a', 'b', 'c']) {
        bad.ask()
        send(text)
        await nextTurn()
        await nextTurn()
      }
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of others) process.on('uncaughtException', listener)
    }
    expect(written.join('')).to.equal('abc')
    expect(thrown.map(String)).to.include('Error: a broken flush')
  })

  it('flushes in nobody\'s context, and a plugin\'s in that of the plugin, whoever asked first', async () => {
    const contexts: unknown[] = []
    const storage = new AsyncLocalStorage<string>()
    const note = (): void => { contexts.push(storage.getStore()) }
    const [own, plugins] = [new TurnFlush(note), storage.run('plugin', () => pluginFlush(note))]
    storage.run('sender', () => {
      own.ask()
      plugins.ask()
    })
    await nextTurn()
    await nextTurn()
    // When asked, and at the end of the turn.
    expect(contexts).to.deep.equal([undefined, 'plugin', undefined, 'plugin'])
  })
})
