import { expect } from 'chai'
import { Deadlines } from './deadlines.ts'

describe('Deadlines', () => {
  it('end what takes too long, each in its time, and nothing else', async () => {
    const deadlines = new Deadlines(60)
    const began = performance.now()
    const ended: string[] = []
    const times: number[] = []
    const end = (name: string): (() => void) => () => {
      ended.push(name)
      times.push(performance.now() - began)
    }
    const removed = end('removed')
    deadlines.add(end('first'))
    deadlines.add(removed)
    await new Promise((resolve) => { setTimeout(resolve, 30) })
    deadlines.remove(removed)
    await new Promise<void>((resolve) => {
      deadlines.add(() => {
        end('second')()
        resolve()
      })
    })
    expect(ended).to.deep.equal(['first', 'second'])
    expect(times[0]).to.be.within(58, 1_000)
    expect((times[1] ?? 0)).to.be.within(88, 2_000)
  })

  it('keep no process waiting for what was done in time', async () => {
    const deadlines = new Deadlines(10)
    const done = (): void => expect.fail('It was removed')
    deadlines.add(done)
    deadlines.remove(done)
    await new Promise((resolve) => { setTimeout(resolve, 25) })
  })
})
