import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { startTurntable } from '../../test/helpers/turntable.ts'
import type { TestTurntable } from '../../test/helpers/turntable.ts'
import type { TestClient } from '../../test/helpers/turntable-client.ts'

describe('turntable presence', () => {
  const cleanups = new Cleanups()
  let connect: TestTurntable['connect']
  let user: TestTurntable['user']
  beforeEach(async () => { ({ connect, user } = await startTurntable(cleanups)) })
  afterEach(() => cleanups.run())

  async function watcher(...ids: string[]): Promise<TestClient> {
    const client = await connect()
    client.send('subscribe', ids)
    await client.sync()
    return client
  }

  it('does not acknowledge idme', async () => {
    const client = await connect()
    client.send('idme', '1:12345')
    expect(await client.sync()).to.deep.equal([])
  })

  it('tells the current state of friends at once', async () => {
    await user('1:1')
    const player = await user('1:2')
    player.send('joingame', { channel: 'c', self: '1:2' })
    await player.sync()
    const client = await connect()
    client.send('subscribe', ['1:1', '1:2', '1:3'])
    expect(await client.expect('userchange')).to.deep.equal({ '1:1': 'online', '1:2': 'busy', '1:3': 'offline' })
  })

  it('tells of friends who come, play, and go, each change once', async () => {
    const client = await watcher('1:2')
    const friend = await user('1:2')
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'online' })
    friend.send('joingame', { channel: 'a', self: '1:2' })
    friend.send('joingame', { channel: 'b', self: '1:2' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'busy' })
    await friend.close()
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'offline' })
    expect(await client.sync()).to.deep.equal([])
  })

  it('pushes each change when several come in one packet', async () => {
    const client = await watcher('1:2')
    const friend = await connect()
    friend.send('idme', '1:2')
    friend.send('joingame', { channel: 'a', self: '1:2' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'online' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'busy' })
  })

  it('has a user who leaves his last channel online again', async () => {
    const client = await watcher('1:2')
    await user('1:2')
    const first = await connect()
    const second = await connect()
    first.send('joingame', { channel: 'a', self: '1:2' })
    await first.sync()
    second.send('joingame', { channel: 'b', self: '1:2' })
    await second.sync()
    await first.close()
    expect(await client.sync()).to.deep.equal([{ command: 'userchange', data: { '1:2': 'online' } }, { command: 'userchange', data: { '1:2': 'busy' } }])
    await second.close()
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'online' })
  })

  it('has a user without a presence connection offline whatever channels he is in', async () => {
    const client = await watcher('1:2')
    const game = await connect()
    game.send('joingame', { channel: 'a', self: '1:2' })
    await game.sync()
    expect(await client.sync()).to.deep.equal([])
    client.send('subscribe', ['1:2'])
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'offline' })
  })

  it('has a user busy who identifies himself while he is in a channel', async () => {
    const client = await watcher('1:2')
    const game = await connect()
    game.send('joingame', { channel: 'a', self: '1:2' })
    await game.sync()
    const presence = await user('1:2')
    expect(await client.sync()).to.deep.equal([{ command: 'userchange', data: { '1:2': 'busy' } }])
    await presence.close()
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'offline' })
    await game.close()
    expect(await client.sync()).to.deep.equal([])
  })

  it('repeats the state when a subscription is repeated, and doubles no push', async () => {
    const client = await watcher('1:2')
    client.send('subscribe', ['1:2', '1:2'])
    expect(await client.sync()).to.deep.equal([{ command: 'userchange', data: { '1:2': 'offline' } }])
    await user('1:2')
    expect(await client.sync()).to.deep.equal([{ command: 'userchange', data: { '1:2': 'online' } }])
  })

  it('lets a user subscribe to himself', async () => {
    const client = await watcher('1:2')
    client.send('idme', '1:2')
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'online' })
  })

  it('ends subscriptions with their connection', async () => {
    const client = await watcher('1:2')
    await client.close()
    const friend = await user('1:2')
    friend.send('subscribe', ['1:2'])
    expect(await friend.sync()).to.deep.equal([{ command: 'userchange', data: { '1:2': 'online' } }])
  })

  it('closes the new connection when an id is bound to another, and keeps the old one', async () => {
    const old = await user('1:2')
    const client = await watcher('1:2', '1:9')
    const second = await user('1:9')
    second.send('idme', '1:2')
    expect(await second.closed).to.equal(1000)
    expect(await old.sync()).to.deep.equal([])
    expect(await client.sync()).to.deep.equal([{ command: 'userchange', data: { '1:9': 'online' } }, { command: 'userchange', data: { '1:9': 'offline' } }])
  })

  it('reads nothing more of a connection that it closes', async () => {
    await user('1:2')
    const client = await watcher('1:3')
    const second = await connect()
    second.send('idme', '1:2')
    second.send('idme', '1:3')
    expect(await second.closed).to.equal(1000)
    expect(await client.sync()).to.deep.equal([])
  })

  for (const data of [undefined, null, '', 5, true, ['1:2'], { id: '1:2' }, 'x'.repeat(1_025)]) {
    it(`closes a connection that identifies itself with ${JSON.stringify(data)?.slice(0, 20)}`, async () => {
      const client = await connect()
      client.send('idme', data)
      expect(await client.closed).to.equal(1000)
    })
  }

  it('ignores the same id on the same connection, binds another as well, and frees all of them', async () => {
    const client = await watcher('1:2', '1:3')
    const both = await user('1:2')
    both.send('idme', '1:2')
    both.send('idme', '1:3')
    expect(await both.sync()).to.deep.equal([])
    expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ '1:2': 'online' }, { '1:3': 'online' }])
    await both.close()
    expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ '1:2': 'offline' }, { '1:3': 'offline' }])
    const again = await user('1:3')
    again.send('idme', '1:2')
    expect(await again.sync()).to.deep.equal([])
  })

  for (const data of [undefined, null, '1:2', 5, { '0': '1:2', length: 1 }, []]) {
    it(`ignores a subscription to ${JSON.stringify(data)}`, async () => {
      const client = await connect()
      client.send('subscribe', data)
      expect(await client.sync()).to.deep.equal([])
    })
  }

  it('leaves out of a subscription what is no id', async () => {
    const client = await connect()
    client.send('subscribe', [null, 5, '', '1:2', ['1:3'], { id: 4 }, 'x'.repeat(1_025)])
    expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'offline' })
  })

  it('tells the states of very many friends in several frames', async () => {
    const ids = Array.from({ length: 2_500 }, (_, index) => `1:${index}`)
    const client = await connect()
    client.send('subscribe', ids)
    const frames = await client.sync()
    expect(frames.length).to.be.greaterThan(1)
    expect(Object.keys(Object.assign({}, ...frames.map(({ data }) => data as object)) as object)).to.have.members(ids)
  })

  it('says who is there, by object or by bare text', async () => {
    await user('1:2')
    const client = await user('1:3')
    client.raw('"whothere"')
    expect(await client.expect('there')).to.deep.equal(['1:2', '1:3'])
    await client.close()
    const other = await connect()
    other.raw('{"data":{"any":"thing"},"command":"whothere"}')
    expect(await other.expect('there')).to.deep.equal(['1:2'])
  })

  it('takes names of object properties for plain names', async () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype']
    const client = await watcher(...names)
    for (const name of names) {
      const friend = await user(name)
      const pushed = await client.expect('userchange') as object
      expect(Object.entries(pushed)).to.deep.equal([[name, 'online']])
      friend.send('joingame', { channel: name, self: name })
      expect(Object.entries(await client.expect('userchange') as object)).to.deep.equal([[name, 'busy']])
      friend.send('game', { channel: name, actions: [{ from: name, timestamp: Date.now(), data: {} }] })
      expect(await friend.expect('game')).to.have.property('channel', name)
    }
    expect(Object.prototype).to.not.have.property('online')
  })
})
