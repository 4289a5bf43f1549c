import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { withDeadline } from './with-deadline.ts'

const late = () => new ClusterError('deadline', 'Too late')

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Timers that keep the process alive, with mocha's own, which it sets after a test's first turn. */
async function liveTimers(): Promise<number> {
  await nextTurn()
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}

describe('withDeadline', () => {
  it('gives the value and leaves no timer behind', async () => {
    const before = await liveTimers()
    expect(await withDeadline(Promise.resolve(7), 60_000, late)).to.equal(7)
    expect(await liveTimers()).to.equal(before)
  })

  it('passes a failure on and leaves no timer behind', async () => {
    const before = await liveTimers()
    expect(await failureOf(withDeadline(Promise.reject(new Error('broken')), 60_000, late))).to.have.property('message', 'broken')
    expect(await liveTimers()).to.equal(before)
  })

  it('fails with the caller\'s error when time is up', async () => {
    expect(await failureOf(withDeadline(new Promise(() => {}), 1, late))).to.include({ code: 'deadline', message: 'Too late' })
  })

  it('swallows a failure that comes after the deadline', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      let fail: (error: Error) => void = () => {}
      const slow = new Promise<never>((_, reject) => { fail = reject })
      await failureOf(withDeadline(slow, 1, late))
      fail(new Error('after all'))
      // Unhandled rejections are reported before the next turn of the loop.
      await nextTurn()
      expect(unhandled).to.deep.equal([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })

  it('takes a wait longer than a timer can be', async () => {
    const before = await liveTimers()
    let finish: (value: string) => void = () => {}
    const waiting = withDeadline(new Promise<string>((resolve) => { finish = resolve }), Number.MAX_SAFE_INTEGER, late)
    const during = await liveTimers()
    finish('in time')
    expect(during).to.equal(before + 1)
    expect(await waiting).to.equal('in time')
  })
})
