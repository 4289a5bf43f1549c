import { expect } from 'chai'
import { BesterClient, delivery, frame, reply, report, startBester } from '../../helpers/bester.ts'
import type { Json, TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'

const serverHeader = { scope: 'server' }

describe('bester: other servers', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function start(peers: readonly string[], handlers: readonly string[] = ['to', 'relay']): Promise<TestBester> {
    const bester = await startBester(cleanups, { handlers, fields: { peers } })
    await bester.handler('to', ({ names, data }) => reply('sendClients', names, data))
    return bester
  }

  it('that are configured may send one message without a login; it is dispatched, and the connection closed', async () => {
    const bester = await start(['127.0.0.1'])
    const bob = await bester.login('bob')
    const peer = bester.connect().send({ header: serverHeader, payload: { type: 'to', data: { names: ['bob'], data: 5 } } })
    expect(await peer.next()).to.equal('closed')
    expect(await bob.next()).to.deep.equal(delivery('to', 5))
  })

  it('get a report before the close when they gave an id', async () => {
    const bester = await start(['127.0.0.0/8'])
    const send = (payload: Json) => bester.connect().send({ header: serverHeader, payload })
    const good = send({ type: 'to', data: { names: [], data: 1 }, id: 'x' })
    expect([await good.next(), await good.next()]).to.deep.equal([report('x', 'good'), 'closed'])
    const bad = send({ type: 'nobody', data: 1, id: 'y' })
    expect([await bad.next(), await bad.next()]).to.deep.equal([report('y', 'bad'), 'closed'])
  })

  it('have only their first message handled', async () => {
    const bester = await start(['127.0.0.1'])
    const bob = await bester.login('bob')
    const message = (data: number) => frame(JSON.stringify({ header: serverHeader, payload: { type: 'to', data: { names: ['bob'], data } } }))
    const peer = bester.connect().raw(Buffer.concat([message(1), message(2)]))
    expect(await peer.next()).to.equal('closed')
    expect(await bob.next()).to.deep.equal(delivery('to', 1))
    expect(await bob.settled()).to.deep.equal([])
  })

  it('are heard when they have gone without waiting', async () => {
    const bester = await start(['127.0.0.1'])
    const bob = await bester.login('bob')
    bester.connect().socket.end(frame(JSON.stringify({ header: serverHeader, payload: { type: 'to', data: { names: ['bob'], data: 1 } } })))
    expect(await bob.next()).to.deep.equal(delivery('to', 1))
  })

  it('are closed without a frame when they are not configured, or send no good payload', async () => {
    const bester = await start(['127.0.0.1'])
    for (const payload of [undefined, null, {}, { type: 'to' }, { data: 1 }, { type: 5, data: 1 }, { type: 'to', data: 1, id: 5 }]) {
      expect(await bester.connect().send({ header: serverHeader, payload }).next()).to.equal('closed')
    }
    const stranger = await start(['192.0.2.1', '10.0.0.0/8', '2001:db8::/32'])
    expect(await stranger.connect().send({ header: serverHeader, payload: { type: 'to', data: { names: [], data: 1 }, id: 'x' } }).next()).to.equal('closed')
  })

  it('on the same machine are known by any of its own addresses, over the unix socket only if that is listed', async () => {
    const message = { header: serverHeader, payload: { type: 'to', data: { names: [], data: 1 }, id: 'x' } }
    for (const [peers, ofUnix] of [[['127.0.0.1'], 'closed'], [['::1', 'unix'], report('x', 'good')]] as const) {
      const bester = await start(peers)
      expect(await bester.connect().send(message).next()).to.deep.equal(report('x', 'good'))
      for (const [address, expected] of [[{ port: bester.tcp6, host: '::1' }, report('x', 'good')], [{ path: bester.path('bester.sock') }, ofUnix]] as const) {
        const client = new BesterClient(address)
        cleanups.add(() => { client.socket.destroy() })
        expect(await client.send(message).next()).to.deep.equal(expected)
      }
    }
  })

  it('may use dummy and close, but no built-in that is about a user', async () => {
    const bester = await start(['127.0.0.1'])
    const send = (type: string, data: Json) => bester.connect().send({ header: serverHeader, payload: { type, data, id: 'x' } })
    const dummy = send('dummy', 1)
    expect([(await dummy.next()).payload, await dummy.next()]).to.deep.equal([{ data: null, id: 'x', type: 'dummy' }, 'closed'])
    expect(await send('builtin', { command: { type: 'close' } }).next()).to.equal('closed')
    for (const type of ['logout', 'authenticate', 'changePassword']) {
      const refused = send('builtin', { command: { type, data: { username: 'alice', password: 'correct horse' } } })
      expect([await refused.next(), await refused.next()]).to.deep.equal([report('x', 'bad'), 'closed'])
    }
    expect((await bester.informer().send({ command: { type: 'listClients' } }).next()).data).to.deep.equal([])
  })

  it('federate: what a client sends to one master reaches a client of the other, and back', async () => {
    const [one, two] = [await start(['127.0.0.1']), await start(['127.0.0.1'])]
    for (const bester of [one, two]) {
      // Passes on what is for elsewhere, and delivers what is for here.
      await bester.handler('relay', ({ server, names, text }: Json) => (
        server === undefined ? reply('sendClients', names, { text }) : reply('sendServers', [server], { names, text })
      ))
    }
    const [alice, bob] = [await one.login('alice'), await two.login('bob')]
    expect(await alice.ask('relay', { server: `127.0.0.1:${two.tcp4}`, names: ['bob'], text: 'hello' }, 'there')).to.deep.equal(report('there', 'good'))
    expect(await bob.next()).to.deep.equal(delivery('relay', { text: 'hello' }))
    expect(await bob.ask('relay', { server: `localhost:${one.tcp4}`, names: ['alice'], text: 'ä😀' }, 'back')).to.deep.equal(report('back', 'good'))
    expect(await alice.next()).to.deep.equal(delivery('relay', { text: 'ä😀' }))
    await two.stop()
    expect(await alice.ask('relay', { server: `127.0.0.1:${two.tcp4}`, names: ['bob'], text: 'gone?' }, 'down')).to.deep.equal(report('down', 'bad'))
  })
})
