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

  it('keeps a reader that stands still for a moment while the others read on', async () => {
    const [still, ...others] = await subscribers(4) as [ConciergeClient, ...ConciergeClient[]]
    const publisher = await concierge.join('publisher')
    still.socket.pause()
    setTimeout(() => still.socket.resume(), 200)
    const filler = 'x'.repeat(50_000)
    const total = 500
    for (let count = 0; count < total; count += 1) publisher.send(group({ count, filler }))
    for (const reader of [...others, still]) {
      const counts = (await reader.until(({ data }) => data?.count === total - 1)).filter(({ type }) => type === 'MESSAGE').map(({ data }) => data.count as number)
      expect(counts).to.deep.equal(Array.from({ length: total }, (_, index) => index))
    }
  })

  it('answers a message of the largest size to oneself, which closes nobody, and closes with 1009 at one byte more', async () => {
    const client = await concierge.join('client')
    const text = (bytes: number): string => {
      const [start, end] = ['{"type":"MESSAGE","target":{"type":"ALL"},"data":"', '"}']
      return start + 'x'.repeat(bytes - start.length - end.length) + end
    }
    const other = await concierge.join('other')
    await client.next()
    for (let seq = 0; seq < 3; seq += 1) {
      client.raw(text(1_048_576))
      expect((await client.next()).data).to.have.length.above(1_048_000)
      expect(await client.next()).to.deep.equal({ type: 'STATUS', code: 'MESSAGE_SENT', seq })
      expect((await other.next()).type).to.equal('MESSAGE')
    }
    client.raw(text(1_048_577))
    expect((await client.closed).code).to.equal(1009)
    expect((await other.ask({ type: 'SELF_FETCH' })).code).to.equal('CLIENT_LEFT')
  })

  for (const [what, target] of [['a name', { type: 'NAME', name: 'victim' }], ['the only one in a group', { type: 'GROUP', group: 'chat' }]] as const) {
    it(`closes no reader for small messages that become large ones on their way to ${what}`, async () => {
      const victim = await concierge.join('victim')
      await victim.ask({ type: 'SELF_SUBSCRIBE', name: 'chat' })
      const publisher = await concierge.join('publisher', { tags: ['x'.repeat(8_000)] })
      publisher.socket.cork()
      for (let index = 0; index < 2_000; index += 1) publisher.send({ type: 'MESSAGE', target, data: index })
      publisher.socket.uncork()
      const frames = await victim.until(({ data }) => data === 1_999)
      expect(frames.filter(({ type }) => type === 'MESSAGE')).to.have.length(2_000)
      expect((await publisher.until(({ seq }) => seq === 1_999)).at(-1)).to.include({ code: 'MESSAGE_SENT' })
    })
  }

  it('closes nobody who asks much at once and reads the answers', async () => {
    const client = await concierge.join('client', { tags: ['x'.repeat(8_000)] })
    client.socket.cork()
    for (let index = 0; index < 2_000; index += 1) client.send({ type: 'SELF_FETCH' })
    client.socket.uncork()
    expect(await client.until(({ seq }) => seq === 1_999)).to.have.length(2_000)
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
