import { expect } from 'chai'
import { EventEmitter, once } from 'node:events'
import { Pressure } from './pressure.ts'

class Publisher extends EventEmitter {
  isHeld = false

  hold(): void {
    this.isHeld = true
  }

  release(): void {
    this.isHeld = false
    this.emit('released')
  }
}

describe('Pressure', () => {
  const all = (): boolean => true
  let pressure: Pressure
  let publisher: Publisher
  let receivers: Array<{ bufferedBytes: number; isStalled: boolean }>

  beforeEach(() => {
    pressure = new Pressure(1_000)
    publisher = new Publisher()
    receivers = Array.from({ length: 4 }, () => ({ bufferedBytes: 300, isStalled: false }))
  })
  afterEach(() => pressure.close())

  const congest = (count: number): void => {
    for (const receiver of receivers.slice(0, count)) pressure.congested(receiver)
  }

  it('holds a publisher while most of the receivers are behind, until half of those have caught up', () => {
    congest(3)
    pressure.published(publisher, 4, all)
    expect(publisher.isHeld).to.equal(true)
    pressure.relieved(receivers[0]!)
    expect(publisher.isHeld).to.equal(true)
    pressure.relieved(receivers[1]!)
    expect(publisher.isHeld).to.equal(false)
  })

  it('waits for no half and no minority that is not near its bound, and none of others', () => {
    congest(2)
    pressure.published(publisher, 4, all)
    congest(4)
    pressure.published(publisher, 4, () => false)
    pressure.published(publisher, 4, (receiver) => receiver === receivers[0])
    expect(publisher.isHeld).to.equal(false)
  })

  it('waits for the only receiver, too', () => {
    congest(1)
    pressure.published(publisher, 1, (receiver) => receiver === receivers[1])
    expect(publisher.isHeld).to.equal(false)
    pressure.published(publisher, 1, (receiver) => receiver === receivers[0])
    expect(publisher.isHeld).to.equal(true)
    pressure.relieved(receivers[0]!)
    expect(publisher.isHeld).to.equal(false)
  })

  it('loses patience, and from then on does not wait for those that stall until they have caught up', async () => {
    congest(4)
    pressure.published(publisher, 4, all)
    await once(publisher, 'released')
    expect(receivers.every(({ isStalled }) => isStalled)).to.equal(true)
    congest(4)
    pressure.published(publisher, 4, all)
    expect(publisher.isHeld).to.equal(false)
    for (const receiver of receivers) pressure.relieved(receiver)
    congest(4)
    pressure.published(publisher, 4, all)
    expect(publisher.isHeld).to.equal(true)
  })

  it('waits for few that are near their bound, until all of those have caught up', () => {
    receivers[0]!.bufferedBytes = receivers[1]!.bufferedBytes = 501
    congest(2)
    pressure.published(publisher, 4, (receiver) => receiver === receivers[3])
    expect(publisher.isHeld).to.equal(false)
    pressure.published(publisher, 4, all)
    pressure.relieved(receivers[1]!)
    expect(publisher.isHeld).to.equal(true)
    pressure.relieved(receivers[0]!)
    expect(publisher.isHeld).to.equal(false)
  })

  it('spends a quarter of a second on few, whoever they are, and then hardly any time', async () => {
    for (const receiver of receivers) receiver.bufferedBytes = 501
    congest(1)
    const began = performance.now()
    pressure.published(publisher, 4, all)
    await once(publisher, 'released')
    expect(performance.now() - began).to.be.above(200)
    pressure.published(publisher, 4, all)
    pressure.relieved(receivers[0]!)
    pressure.congested(receivers[1]!)
    pressure.published(publisher, 4, all)
    expect(publisher.isHeld).to.equal(false)
    congest(3)
    pressure.published(publisher, 4, all)
    expect(publisher.isHeld, 'for most of them').to.equal(true)
  })

  it('counts the patience of each wait by itself', async () => {
    const other = new Publisher()
    congest(3)
    pressure.published(publisher, 4, all)
    const began = performance.now()
    await new Promise((resolve) => { setTimeout(resolve, 300) })
    pressure.published(other, 2, (receiver) => receiver !== receivers[2])
    pressure.relieved(receivers[0]!)
    pressure.relieved(receivers[1]!)
    expect([publisher.isHeld, other.isHeld]).to.deep.equal([false, false])
    congest(3)
    pressure.published(other, 4, all)
    await once(other, 'released')
    expect(performance.now() - began).to.be.above(700)
  })

  it('forgets who is gone', () => {
    congest(4)
    pressure.published(publisher, 4, all)
    pressure.forget(publisher)
    for (const receiver of receivers) pressure.relieved(receiver)
    expect(publisher.isHeld).to.equal(true)
  })
})
