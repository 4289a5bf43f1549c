import { expect } from 'chai'
import { eventually } from '../../../test/helpers/eventually.ts'
import { Receipts } from './receipts.ts'

function receipts(overrides: Partial<ConstructorParameters<typeof Receipts>[0]> = {}): { acks: number[]; receipts: Receipts } {
  const acks: number[] = []
  const settings = { ackAlongMessages: 32, ackEveryMessages: 100, ackEveryBytes: 1_000_000, ackDelayMs: 60_000, ...overrides }
  return { acks, receipts: new Receipts(settings, (ack) => acks.push(ack)) }
}

function add(to: Receipts, count: number, bytes = 10): void {
  for (let n = 0; n < count; n += 1) to.add(bytes)
}

describe('Receipts', () => {
  it('go along with what is sent, once there are some', () => {
    const { acks, receipts: few } = receipts()
    add(few, 10)
    few.ride()
    expect(acks).to.deep.equal([])
    add(few, 30)
    few.ride()
    few.ride()
    expect(acks).to.deep.equal([40])
    few.reset()
  })

  it('do not wait for that after many messages or bytes', () => {
    const many = receipts()
    add(many.receipts, 250)
    expect(many.acks).to.deep.equal([100, 200])
    many.receipts.reset()
    const large = receipts({ ackEveryBytes: 1_000 })
    add(large.receipts, 5, 400)
    expect(large.acks).to.deep.equal([3])
    large.receipts.reset()
  })

  it('are sent after a while in any case, and not when the peer has been told by other means', async () => {
    const lone = receipts({ ackDelayMs: 5 })
    lone.receipts.add(10)
    await eventually(() => expect(lone.acks).to.deep.equal([1]))
    lone.receipts.add(10)
    lone.receipts.reset()
    const later = receipts({ ackDelayMs: 10 })
    later.receipts.add(10)
    await eventually(() => expect(later.acks).to.deep.equal([1]))
    expect(lone.acks).to.deep.equal([1])
    expect(lone.receipts.received).to.equal(2)
  })
})
