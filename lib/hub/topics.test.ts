import { expect } from 'chai'
import { Publication, Topics } from './topics.ts'
import type { Subscriber } from './topics.ts'

class Recorder implements Subscriber {
  readonly form: string
  bufferedBytes = 0
  readonly frames: Array<string | Buffer> = []
  overflows = 0

  constructor(form = 'json') {
    this.form = form
  }

  deliver(frame: string | Buffer): void {
    this.frames.push(frame)
  }

  overflowed(): void {
    this.overflows += 1
  }
}

describe('Topics', () => {
  it('encode a publication once for each form', () => {
    const topics = new Topics({ maxBufferedBytes: 10 })
    const made: string[] = []
    const subscribers = [new Recorder('json'), new Recorder('pack'), new Recorder('json')]
    for (const subscriber of subscribers) topics.subscribe('a', subscriber)
    const count = topics.publish('a', new Publication((form) => {
      made.push(form)
      return form
    }))
    expect(count).to.equal(3)
    expect(made).to.deep.equal(['json', 'pack'])
    expect(subscribers.map(({ frames }) => frames)).to.deep.equal([['json'], ['pack'], ['json']])
  })

  it('leave out a slow subscriber, and deliver to the others though one throws', () => {
    const errors: unknown[] = []
    const topics = new Topics({ maxBufferedBytes: 10, onError: (error) => errors.push(error) })
    const [slow, broken, good] = [new Recorder(), new Recorder(), new Recorder()]
    slow.bufferedBytes = 11
    broken.deliver = () => { throw new Error('wrong') }
    for (const subscriber of [slow, broken, good]) topics.subscribe('a', subscriber)
    expect(topics.publish('a', new Publication(() => 'x'))).to.equal(1)
    expect(good.frames).to.deep.equal(['x'])
    expect(slow).to.deep.include({ frames: [], overflows: 1 })
    expect(errors.map(String)).to.deep.equal(['Error: wrong'])
    expect(topics.figures()).to.deep.equal({ topics: 1, subscriptions: 3, publications: 1, deliveries: 1, overflows: 1 })
  })
})
