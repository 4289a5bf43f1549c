import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { peerSecret, TestTurntables, untilStates as until } from '../../test/helpers/turntable.ts'

describe('turntable servers', () => {
  const cleanups = new Cleanups()
  const { start, startOne, connect, subscribed } = new TestTurntables(cleanups)
  afterEach(() => cleanups.run())

  describe('believe', () => {
    async function toldBy(options: object): Promise<unknown[]> {
      const client = await subscribed(0, ['1:100', '1:7'])
      client.send('idme', '1:100')
      await client.sync()
      const other = await connect(0, options)
      other.send('userbind', { user: '1:100', channel: 'x', bound: true })
      other.send('userchange', { '1:7': 'online' })
      await other.sync()
      return (await client.sync()).map(({ data }) => data)
    }
    const all = [{ '1:100': 'busy' }, { '1:7': 'online' }]

    it('a server that shows the secret', async () => {
      await start(1)
      expect(await toldBy({ headers: { authorization: `Bearer ${peerSecret}` } })).to.deep.equal(all)
    })

    it('a server of a listed address that shows none', async () => {
      await start(1, 1, { 'turntable.peers': ['127.0.0.1'] })
      expect(await toldBy({})).to.deep.equal(all)
    })

    it('no client, and nobody with a wrong secret, who are served all the same', async () => {
      await start(1)
      expect(await toldBy({})).to.deep.equal([])
      const other = await connect(0, { headers: { authorization: 'Bearer nonsense' } })
      expect(await other.sync()).to.deep.equal([])
    })

    it('nobody with a wrong secret', async () => {
      await start(1, 1, { 'turntable.peers': ['127.0.0.1'] })
      expect(await toldBy({ headers: { authorization: 'Bearer nonsense' } })).to.deep.equal([])
    })

    it('nothing that is malformed', async () => {
      await start(1)
      const client = await subscribed(0, ['1:100', '1:7', '__proto__'])
      client.send('idme', '1:100')
      await client.sync()
      const server = await connect(0, { headers: { authorization: `Bearer ${peerSecret}` } })
      for (const data of [undefined, null, 5, [], 'x', {}, { user: '1:100' }, { user: '1:100', channel: 'x' }, { user: '1:100', channel: 'x', bound: 'yes' }, { user: '', channel: 'x', bound: true }, { user: '1:100', channel: 5, bound: true }]) server.send('userbind', data)
      for (const data of [undefined, null, 5, ['1:7'], 'x', {}, { '1:7': 'away' }, { '1:7': null }, { '1:7': 'constructor' }, { '': 'online' }]) server.send('userchange', data)
      server.send('userbind', { user: '1:100', channel: 'x', bound: false })
      await server.sync()
      expect(await client.sync()).to.deep.equal([])
      server.raw('{"command":"userchange","data":{"__proto__":"busy"}}')
      await server.sync()
      expect(Object.entries(await client.expect('userchange') as object)).to.deep.equal([['__proto__', 'busy']])
    })

    it('a server for as long as it is connected', async () => {
      await start(1)
      const client = await subscribed(0, ['1:100', '1:7'])
      client.send('idme', '1:100')
      await client.sync()
      const server = await connect(0, { headers: { authorization: `Bearer ${peerSecret}` } })
      server.send('userchange', { '1:7': 'online' })
      server.send('userchange', { '1:7': 'busy' })
      server.send('userbind', { user: '1:100', channel: 'x', bound: true })
      server.send('userbind', { user: '1:100', channel: 'x', bound: true })
      server.send('userbind', { user: '1:100', channel: 'y', bound: true })
      server.send('userbind', { user: '1:100', channel: 'x', bound: false })
      await server.sync()
      expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ '1:7': 'online' }, { '1:7': 'busy' }, { '1:100': 'busy' }])
      await server.close()
      expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ '1:7': 'offline' }, { '1:100': 'online' }])
    })
  })

  it('do not believe each other with different secrets, and say so', async () => {
    await start(2, 1)
    await startOne(1, { 'turntable.peer_secret': 'another' })
    const client = await subscribed(0, ['1:100', '1:200'])
    client.send('idme', '1:100')
    await until(client, { '1:100': 'online', '1:200': 'offline' })
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100', invite: ['1:100'] })
    // The invite goes the same way after the seat: once it is here, the seat has been ignored.
    expect(await client.expect('invite')).to.deep.equal({ user: '1:100', channel: 'CStrike' })
    expect(await client.sync()).to.deep.equal([])
  })
})
