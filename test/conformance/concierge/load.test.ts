import { expect } from 'chai'
import { Cleanups } from '../../helpers/cleanups.ts'
import { startConcierge } from '../../helpers/concierge.ts'
import type { ConciergeClient, TestConcierge } from '../../helpers/concierge.ts'

describe('The concierge under load', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge

  beforeEach(async () => { concierge = await startConcierge(cleanups) })
  afterEach(() => cleanups.run())

  async function subscribers(count: number): Promise<ConciergeClient[]> {
    const clients: ConciergeClient[] = []
    for (let index = 0; index < count; index += 1) {
      const client = await concierge.join(`reader${index}`)
      client.send({ type: 'SELF_SUBSCRIBE', name: 'chat' })
      await client.until(({ code }) => code === 'SUBSCRIBED')
      clients.push(client)
    }
    return clients
  }

  const group = (data: unknown): object => ({ type: 'MESSAGE', target: { type: 'GROUP', group: 'chat' }, data })

  it('closes a reader that stalls with 1013, and gives the others everything in order', async () => {
    const [stalled, ...readers] = await subscribers(4) as [ConciergeClient, ...ConciergeClient[]]
    const publisher = await concierge.join('publisher')
    stalled.socket.pause()
    const filler = 'x'.repeat(50_000)
    let count = 0
    let hasLeft = false
    while (!hasLeft) {
      publisher.send(group({ count, filler }))
      count += 1
      const frames = await publisher.until(({ code }) => code === 'MESSAGE_SENT')
      hasLeft = frames.some(({ code, name }) => code === 'CLIENT_LEFT' && name === 'reader0')
      expect(count).to.be.below(2_000)
    }
    for (const reader of readers) {
      const counts = (await reader.settled()).filter(({ type }) => type === 'MESSAGE').map(({ data }) => data.count as number)
      expect(counts).to.deep.equal(Array.from({ length: count }, (_, index) => index))
    }
    stalled.socket.resume()
    expect((await stalled.closed).code).to.equal(1013)
  })

  it('slows a publisher down who sends faster than the readers read, rather than closing them', async () => {
    const readers = await subscribers(5)
    const publisher = await concierge.join('publisher')
    const filler = 'x'.repeat(10_000)
    const total = 3_000
    for (let count = 0; count < total; count += 1) publisher.send(group({ count, filler }))
    const done = publisher.until(({ seq }) => seq === total - 1)
    for (const reader of readers) {
      const counts = (await reader.until(({ data }) => data?.count === total - 1)).filter(({ type }) => type === 'MESSAGE').map(({ data }) => data.count as number)
      expect(counts).to.deep.equal(Array.from({ length: total }, (_, index) => index))
    }
    expect((await done).at(-1)).to.include({ code: 'MESSAGE_SENT' })
  })

  it('closes a client that asks and does not read, and goes on for the others', async () => {
    const watcher = await concierge.join('watcher')
    const flooding = await concierge.join('flooding')
    flooding.socket.pause()
    const question = JSON.stringify({ type: 'GROUP_CREATE', name: 'x'.repeat(200), nickname: 'y'.repeat(200) })
    const flood = (): void => {
      for (let index = 0; index < 1_000 && flooding.ws.bufferedAmount < 1_000_000; index += 1) flooding.raw(question)
    }
    const timer = setInterval(flood, 1)
    await watcher.until(({ code, name }) => code === 'CLIENT_LEFT' && name === 'flooding')
    clearInterval(timer)
    flooding.socket.resume()
    expect((await flooding.closed).code).to.equal(1013)
    expect((await watcher.ask({ type: 'CLIENT_FETCH_ALL' })).clients).to.have.length(1)
  })

  it('serves others while one floods it with nonsense', async () => {
    const flooding = await concierge.join('flooding')
    const client = await concierge.join('client')
    for (let index = 0; index < 20_000; index += 1) flooding.raw(index % 2 === 0 ? '{"type":"MESSAGE"' : '[[[[')
    expect(await client.ask({ type: 'SELF_FETCH' })).to.include({ type: 'SELF_FETCH_RESULT' })
    const answers = await flooding.until(({ seq }) => seq === 19_999)
    expect(answers.filter(({ code }) => code === 'PROTOCOL')).to.have.length(20_000)
  })
})
