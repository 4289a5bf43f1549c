import { expect } from 'chai'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { startTurntable } from '../../test/helpers/turntable.ts'
import type { TestTurntable } from '../../test/helpers/turntable.ts'

describe('turntable bounds what it keeps: connections', () => {
  const cleanups = new Cleanups()
  let master: TestTurntable
  const start = async (config: Record<string, unknown> = {}): Promise<void> => { master = await startTurntable(cleanups, config) }
  const connect: TestTurntable['connect'] = (options) => master.connect(options)
  afterEach(() => cleanups.run())

  describe('are closed with 1013 when too much must be kept', () => {
    const ids = (count: number, length = 5): string[] => Array.from({ length: count }, (_, index) => `${index}:`.padEnd(length, 'x'))

    it('for one: what is kept already costs nothing again, long ids cost more', async () => {
      await start({ 'turntable.memory_per_connection': 3_000 })
      const client = await connect()
      client.send('subscribe', ids(10))
      client.send('subscribe', ids(10))
      expect(await client.sync()).to.have.length(2)
      client.send('joingame', { channel: 'a', self: '1:1' })
      expect(await client.closed).to.equal(1013)
      const other = await connect()
      other.send('subscribe', ids(10, 50))
      expect(await other.closed).to.equal(1013)
    })

    it('for all of one address, and there is room again when one of them goes', async () => {
      await start({ 'turntable.memory_per_address': 5_000 })
      const first = await connect()
      first.send('subscribe', ids(15))
      await first.sync()
      const second = await connect()
      second.send('subscribe', ids(15))
      expect(await second.closed).to.equal(1013)
      await first.close()
      const third = await connect()
      third.send('subscribe', ids(15))
      await third.expect('userchange')
    })

    it('for all together: the one for whom most is kept', async () => {
      await start({ 'turntable.memory_total': 8_000 })
      const small = await connect()
      small.send('subscribe', ids(3))
      await small.sync()
      const large = await connect()
      large.send('subscribe', ids(30))
      await large.sync()
      small.send('subscribe', ids(6))
      await small.expect('userchange')
      expect(await large.closed).to.equal(1013)
      small.send('subscribe', ids(40))
      expect(await small.closed).to.equal(1013)
    })
  })

  it('take no more for a subscription than is reckoned, and not much less', async () => {
    await start()
    const client = await connect()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const heapBytes = (): number => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = heapBytes()
    for (let message = 0; message < 5; message++) {
      client.send('subscribe', Array.from({ length: 20_000 }, (_, index) => `${message}:${index}`))
      await client.sync()
    }
    const taken = heapBytes() - before
    const reckonedBytes = Number(/^corral_turntable_held_bytes (\d+)$/m.exec(await (await fetch(`${master.url}/metrics`)).text())?.[1])
    expect(reckonedBytes).to.be.within(taken, 2 * taken)
  })

  for (const protocol of ['turntable', 'turntable.2']) {
    it(`answer the largest subscription that a message of ${protocol} can hold`, async () => {
      await start()
      const client = await connect({ protocols: [protocol] })
      const ids: string[] = []
      // The shortest ids that there are: as many as a message has room for.
      const isJson = protocol === 'turntable'
      let bytes = 100
      for (let index = 0; ; index++) {
        const id = textOf(index)
        bytes += id.length + (isJson ? 3 : 1)
        if (bytes > 1_048_576) break
        ids.push(id)
      }
      client.send('subscribe', ids)
      const frames = await client.sync()
      expect(frames.reduce((sum, { data }) => sum + Object.keys(data as object).length, 0)).to.equal(ids.length).and.above(170_000)
    })
  }
})

/** Texts of one character, then of two and so on, none of which JSON escapes. */
function textOf(index: number): string {
  const first = '#'.charCodeAt(0)
  const letters = '['.charCodeAt(0) - first
  const last = String.fromCharCode(first + index % letters)
  return index < letters ? last : textOf(Math.floor(index / letters) - 1) + last
}
