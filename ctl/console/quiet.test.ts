import { expect } from 'chai'
import { Quiet } from './quiet.ts'

/** How long is waited where output comes at these times, with 100 ms of rest asked for and 1,000 ms at most. */
async function waited(outputAt: readonly number[]): Promise<number> {
  let now = 0
  const quiet = new Quiet({ settleMs: 100, mostMs: 1_000 }, {
    now: () => now,
    delay: async (ms) => {
      const until = now + ms
      for (const at of outputAt) {
        if (at <= now || at > until) continue
        now = at
        quiet.heard()
      }
      now = until
    },
  })
  await quiet.settled()
  return now
}

describe('A console at rest', () => {
  it('is one that has printed nothing for a while since it was asked for', async () => {
    expect(await waited([])).to.equal(100)
  })

  it('is waited for as long as output keeps coming', async () => {
    expect(await waited([60, 150, 240])).to.equal(340)
  })

  it('is not waited for without end', async () => {
    expect(await waited(Array.from({ length: 100 }, (_, index) => index * 50))).to.equal(1_000)
  })
})
