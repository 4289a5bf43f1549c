import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { Turns } from './turns.ts'

describe('Turns', () => {
  it('do work about the same thing one after the other, and about others at once', async () => {
    const turns = new Turns()
    const events: string[] = []
    let finish: () => void = () => {}
    const first = turns.take(1, async () => {
      events.push('first begins')
      await new Promise<void>((resolve) => { finish = resolve })
      events.push('first ends')
    })
    const second = turns.take(1, async () => { events.push('second') })
    await turns.take(2, async () => { events.push('other') })
    finish()
    await Promise.all([first, second])
    expect(events).to.deep.equal(['first begins', 'other', 'first ends', 'second'])
  })

  it('go on after work that fails', async () => {
    const turns = new Turns()
    const failing = failureOf(turns.take(1, () => Promise.reject(new ClusterError('wrong_state', 'no'))))
    expect(await turns.take(1, async () => 'done')).to.equal('done')
    expect((await failing).message).to.equal('no')
  })
})
