import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { startTurntable } from '../../test/helpers/turntable.ts'
import type { TestTurntable } from '../../test/helpers/turntable.ts'
import type { TestClient } from '../../test/helpers/turntable-client.ts'

interface Action { timestamp: number; from: string; data: unknown }

describe('turntable games', () => {
  const cleanups = new Cleanups()
  let connect: TestTurntable['connect']
  let user: TestTurntable['user']
  beforeEach(async () => { ({ connect, user } = await startTurntable(cleanups)) })
  afterEach(() => cleanups.run())

  async function member(self: string, channel = 'CStrike'): Promise<TestClient> {
    const client = await connect()
    client.send('joingame', { channel, self })
    expect(await client.sync()).to.deep.equal([])
    return client
  }

  it('closes no member for reading more slowly than another one plays', async () => {
    const members = [await member('1:1'), await member('1:2'), await member('1:3')]
    const filler = 'x'.repeat(10_000)
    const total = 3_000
    const player = await member('1:4')
    for (let n = 0; n < total; n += 1) player.send('game', { channel: 'CStrike', n, filler })
    for (const each of members) {
      for (let n = 0; n < total; n += 1) expect(await each.expect('game')).to.include({ n })
    }
  })

  describe('joining', () => {
    it('ignores a joingame without a channel', async () => {
      const client = await connect()
      for (const data of [undefined, null, 'CStrike', 5, [], {}, { self: '1:1' }, { self: '1:1', channel: '' }, { self: '1:1', channel: 5 }]) client.send('joingame', data)
      expect(await client.sync()).to.deep.equal([])
    })

    for (const self of [undefined, null, '', 5, ['1:1']]) {
      it(`closes a connection that joins as ${JSON.stringify(self)}`, async () => {
        const client = await connect()
        client.send('joingame', { channel: 'CStrike', self })
        expect(await client.closed).to.equal(1000)
      })
    }

    it('closes the new connection when the same self is in the channel from another', async () => {
      const old = await member('1:1')
      const second = await connect()
      second.send('joingame', { channel: 'CStrike', self: '1:1' })
      expect(await second.closed).to.equal(1000)
      old.send('game', { channel: 'CStrike' })
      expect(await old.sync()).to.have.length(1)
    })

    it('ignores joining again with the same self on the same connection', async () => {
      const friend = await user('1:2')
      const client = await member('1:1')
      client.send('joingame', { channel: 'CStrike', self: '1:1', invite: ['1:2'] })
      client.send('game', { channel: 'CStrike' })
      expect(await client.sync()).to.have.length(1)
      expect(await friend.sync()).to.deep.equal([])
    })

    it('frees the seats of a connection that has gone', async () => {
      const first = await member('1:1')
      await first.close()
      const second = await member('1:1')
      second.send('game', { channel: 'CStrike', n: 1 })
      expect(await second.sync()).to.deep.equal([{ command: 'game', data: { channel: 'CStrike', n: 1 } }])
    })

    it('lets a connection be in several channels', async () => {
      const client = await member('1:1')
      client.send('joingame', { channel: 'other', self: '1:1' })
      client.send('game', { channel: 'CStrike', n: 1 })
      client.send('game', { channel: 'other', n: 2 })
      expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ channel: 'CStrike', n: 1 }, { channel: 'other', n: 2 }])
    })

    it('knows no leavegame', async () => {
      const client = await member('1:1')
      client.send('leavegame', { channel: 'CStrike', self: '1:1' })
      client.send('game', { channel: 'CStrike' })
      expect(await client.sync()).to.have.length(1)
    })
  })

  describe('invites', () => {
    it('go to the presence connection of those who are there', async () => {
      const friend = await user('1:2345')
      const client = await connect()
      client.send('joingame', { channel: 'CStrike', self: '1:3456', invite: ['1:2345', '1:2345', 5, null, ''] })
      expect(await client.sync()).to.deep.equal([])
      expect(await friend.sync()).to.deep.equal([{ command: 'invite', data: { user: '1:2345', channel: 'CStrike' } }])
    })

    it('are kept for a user who is offline, and delivered once, right after his idme', async () => {
      const client = await connect()
      for (const channel of ['a', 'b']) client.send('joingame', { channel, self: '1:1', invite: ['1:2'] })
      await client.sync()
      const friend = await connect()
      friend.send('idme', '1:2')
      expect((await friend.sync()).map(({ data }) => data)).to.deep.equal([{ user: '1:2', channel: 'a' }, { user: '1:2', channel: 'b' }])
      await friend.close()
      expect(await (await user('1:2')).sync()).to.deep.equal([])
    })

    it('are kept for a user who only sits in a game', async () => {
      const game = await member('1:2')
      const client = await connect()
      client.send('invite', { channel: 'other', user: '1:2' })
      await client.sync()
      expect(await game.sync()).to.deep.equal([])
      game.send('idme', '1:2')
      expect(await game.expect('invite')).to.deep.equal({ user: '1:2', channel: 'other' })
    })

    it('lose the oldest of a user who has more than a hundred', async () => {
      const client = await connect()
      for (let index = 0; index < 103; index++) client.send('invite', { channel: `c${index}`, user: '1:2' })
      await client.sync()
      const friend = await connect()
      friend.send('idme', '1:2')
      const channels = (await friend.sync()).map(({ data }) => (data as { channel: string }).channel)
      expect(channels).to.deep.equal(Array.from({ length: 100 }, (_, index) => `c${index + 3}`))
    })

    it('can be sent by any client, and are ignored where they name nobody or nothing', async () => {
      const friend = await user('1:2')
      const client = await connect()
      for (const data of [undefined, null, '1:2', ['1:2'], {}, { user: '1:2' }, { channel: 'a' }, { user: 5, channel: 'a' }, { user: '1:2', channel: '' }]) client.send('invite', data)
      client.send('invite', { channel: 'a', user: '1:2', more: 1 })
      await client.sync()
      expect(await friend.sync()).to.deep.equal([{ command: 'invite', data: { user: '1:2', channel: 'a' } }])
    })
  })

  describe('actions', () => {
    it('go to all members, the sender included, whole and with unknown keys', async () => {
      const sender = await member('1:1')
      const other = await member('1:2')
      const outsider = await connect()
      const data = { channel: 'CStrike', extra: { deep: [1, null, 'é'] }, actions: [{ timestamp: Date.now(), from: '1:1', data: { strike_one: '1:1234' }, team: 'red' }] }
      sender.send('game', data)
      expect(await sender.expect('game')).to.deep.equal(data)
      expect(await other.expect('game')).to.deep.equal(data)
      expect(await outsider.sync()).to.deep.equal([])
    })

    it('have their time corrected where it is missing or off', async () => {
      const client = await member('1:1')
      const before = Date.now()
      const off = [undefined, null, 'now', 10_223_232, before - 6_000, before + 60_000]
      client.send('game', { channel: 'CStrike', actions: off.map((timestamp) => ({ timestamp, from: '1:1', data: 1 })) })
      const { actions } = await client.expect('game') as { actions: Action[] }
      expect(actions).to.have.length(off.length)
      for (const { timestamp, from, data } of actions) {
        expect([from, data]).to.deep.equal(['1:1', 1])
        expect(timestamp).to.be.within(before, Date.now())
      }
    })

    it('keep a time that is within the tolerance', async () => {
      const client = await member('1:1')
      const timestamp = Date.now() - 3_000.5
      client.send('game', { channel: 'CStrike', actions: [{ timestamp, from: '1:1', data: 1 }] })
      expect(await client.expect('game')).to.deep.equal({ channel: 'CStrike', actions: [{ timestamp, from: '1:1', data: 1 }] })
    })

    it('are dropped where they are not in the name of a member on the sending connection', async () => {
      const sender = await member('1:1')
      const other = await member('1:2')
      sender.send('joingame', { channel: 'other', self: '1:9' })
      sender.send('idme', '1:8')
      const timestamp = Date.now()
      const from = (name: unknown): object => ({ timestamp, from: name, data: name })
      sender.send('game', { channel: 'CStrike', actions: [from('1:2'), from('1:1'), from('1:9'), from('1:8'), from(undefined), from(['1:1']), null, 5, '1:1', [from('1:1')]] })
      expect(await other.expect('game')).to.deep.equal({ channel: 'CStrike', actions: [from('1:1')] })
      await sender.expect('game')
      sender.send('game', { channel: 'CStrike', actions: [from('1:2')] })
      expect(await sender.sync()).to.deep.equal([])
      expect(await other.sync()).to.deep.equal([])
    })

    it('may be left out: the data is passed on as it is', async () => {
      const client = await member('1:1')
      client.send('game', { channel: 'CStrike', chat: 'hello' })
      expect(await client.expect('game')).to.deep.equal({ channel: 'CStrike', chat: 'hello' })
      client.send('game', { channel: 'CStrike', actions: [] })
      expect(await client.expect('game')).to.deep.equal({ channel: 'CStrike', actions: [] })
    })

    it('that are no list are ignored', async () => {
      const client = await member('1:1')
      for (const actions of [null, 'x', 5, { '0': { from: '1:1' }, length: 1 }]) client.send('game', { channel: 'CStrike', actions })
      expect(await client.sync()).to.deep.equal([])
    })

    it('of those who are no members are ignored', async () => {
      const client = await member('1:1')
      const outsider = await user('1:2')
      for (const data of [undefined, null, 'CStrike', [], {}, { channel: 5 }, { channel: 'CStrike', actions: [{ from: '1:1', data: 1 }] }, { channel: 'nowhere' }]) outsider.send('game', data)
      expect(await outsider.sync()).to.deep.equal([])
      expect(await client.sync()).to.deep.equal([])
    })

    it('arrive once on a connection with several members, who all may send', async () => {
      const client = await member('1:1')
      client.send('joingame', { channel: 'CStrike', self: '1:2' })
      const actions = ['1:1', '1:2'].map((from) => ({ timestamp: Date.now(), from, data: 1 }))
      client.send('game', { channel: 'CStrike', actions })
      expect(await client.sync()).to.deep.equal([{ command: 'game', data: { channel: 'CStrike', actions } }])
    })

    it('keep a key __proto__, and change no prototype', async () => {
      const client = await member('1:1')
      client.raw(`{"command":"game","data":{"channel":"CStrike","__proto__":{"a":1},"actions":[{"from":"1:1","__proto__":{"polluted":1}}]}}`)
      const data = await client.expect('game') as { actions: object[] }
      expect(Object.entries(data)).to.deep.include(['__proto__', { a: 1 }])
      expect(Object.keys(data.actions[0]!)).to.have.members(['from', '__proto__', 'timestamp'])
      expect({}).to.not.have.property('polluted')
    })
  })
})
