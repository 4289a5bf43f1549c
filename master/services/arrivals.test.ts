import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { Arrivals } from './arrivals.ts'

describe('Arrivals', () => {
  it('count what is on its way to a slave', async () => {
    const arrivals = new Arrivals()
    let finish: () => void = () => {}
    const arriving = arrivals.arrive(1, () => new Promise<void>((resolve) => { finish = resolve }))
    expect([arrivals.count(1), arrivals.count(2)]).to.deep.equal([1, 0])
    finish()
    await arriving
    expect(arrivals.count(1)).to.equal(0)
  })

  it('let a slave leave only after what is on its way, and nothing arrive meanwhile', async () => {
    const arrivals = new Arrivals()
    const events: string[] = []
    let finish: () => void = () => {}
    const arriving = arrivals.arrive(1, async () => {
      await new Promise<void>((resolve) => { finish = resolve })
      events.push('arrived')
    })
    const leaving = arrivals.leave(1, async () => { events.push('left') })
    expect(await failureOf(arrivals.arrive(1, async () => { events.push('too late') }))).to.include({ code: 'wrong_state' })
    finish()
    await Promise.all([arriving, leaving])
    expect(events).to.deep.equal(['arrived', 'left'])
    await arrivals.arrive(1, async () => { events.push('again') })
    expect(events.at(-1)).to.equal('again')
  })

  it('let a slave leave after an arrival that failed, and stay when its removal does', async () => {
    const arrivals = new Arrivals()
    const failing = failureOf(arrivals.arrive(1, () => Promise.reject(new ClusterError('disk_full', 'disk full'))))
    expect((await failureOf(arrivals.leave(1, () => Promise.reject(new ClusterError('conflict', 'has instances'))))).message).to.equal('has instances')
    expect((await failing).message).to.equal('disk full')
    expect(await arrivals.arrive(1, async () => 'here')).to.equal('here')
  })
})
