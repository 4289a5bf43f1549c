import { expect } from 'chai'
import { needsMoreThan } from './probe.ts'

describe('needsMoreThan', () => {
  /** Work that needs so much of a processor which it has for a part of the time only. */
  const judge = (neededMs: number, share: number): boolean => {
    let usedMs = 0
    return needsMoreThan(500, (timeoutMs) => {
      const isDone = neededMs <= timeoutMs * share
      usedMs += isDone ? neededMs : timeoutMs * share
      return isDone
    }, () => usedMs)
  }

  it('judges by the time of the processor, however busy the host is', () => {
    for (const share of [1, 0.5, 0.01]) {
      expect(judge(20, share), `20 ms at ${share}`).to.equal(false)
      expect(judge(3_600_000, share), `an hour at ${share}`).to.equal(true)
    }
  })
})
