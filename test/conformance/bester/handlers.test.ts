import { expect } from 'chai'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { delivery, frame, reply, report, startBester } from '../../helpers/bester.ts'
import type { BesterClient, Json, TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { freePort } from '../../helpers/free-port.ts'

function head(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(length)
  return bytes
}

describe('bester: handlers', () => {
  const cleanups = new Cleanups()
  let bester: TestBester
  let client: BesterClient
  /** What the handler `any` answers. */
  let answer: object | Buffer | undefined
  before(async () => {
    bester = await startBester(cleanups, {
      handlers: ['any', 'absent', 'a', 'b', 'c', 'self', 'ping', 'pong', 'upper'],
      fields: { handler_timeout_ms: 500, max_frame_bytes: 200_000 },
      users: { root: 'admin' },
    })
    await bester.handler('any', () => answer)
    await bester.handler('a', (data) => reply('sendHandler', 'b', { ...data, a: 1 }))
    await bester.handler('b', (data) => reply('sendHandler', 'c', { ...data, b: 2 }))
    await bester.handler('c', (data) => reply('sendClients', ['alice'], data))
    await bester.handler('self', (data) => reply('sendHandler', 'self', data))
    await bester.handler('ping', (data) => reply('sendHandler', 'pong', data))
    await bester.handler('pong', (data) => reply('sendHandler', 'ping', data))
    client = await bester.login()
  })
  after(() => cleanups.run())

  async function outcome(given: typeof answer, data: Json = 1): Promise<Json> {
    answer = given
    return client.ask('any', data, 'id')
  }

  it('get exactly the data of a message, one frame over a connection of its own', async () => {
    const handler = await bester.handler('absent', () => reply('sendClients', [], 0))
    expect(await client.ask('absent', { x: ['y'] }, '1')).to.deep.equal(report('1', 'good'))
    expect(await client.ask('absent', null, '2')).to.deep.equal(report('2', 'good'))
    expect(handler.got).to.deep.equal(['{"x":["y"]}', 'null'])
  })

  const shapes: Record<string, object> = {
    'of real handlers': { header: { status: '0', command: { type: 'sendClients', data: ['alice'] } }, data: { d: 1 } },
    'of the document': { header: { status: '0', command: 'sendClients', commandData: ['alice'] }, payload: { type: 'whatever', data: { d: 1 } } },
    'with a text where a list is asked for': { header: { status: '0', command: { type: 'sendClients', data: 'alice' } }, data: { d: 1 } },
    'with the number 0 as status': { header: { status: 0, command: { type: 'sendClients', data: ['alice'] } }, data: { d: 1 } },
  }
  for (const [what, shape] of Object.entries(shapes)) {
    it(`may answer in the shape ${what}`, async () => {
      expect(await outcome(shape)).to.deep.equal(delivery('any', { d: 1 }))
      expect(await client.next()).to.deep.equal(report('id', 'good'))
    })
  }

  const good = reply('sendClients', ['alice'], 1) as Json
  const bad: Record<string, object | Buffer> = {
    'a status of "1"': { ...good, header: { ...good.header, status: '1' } },
    'a status of 1': { ...good, header: { ...good.header, status: 1 } },
    'a status of "00"': { ...good, header: { ...good.header, status: '00' } },
    'no status': { ...good, header: { command: good.header.command } },
    'an unknown command': reply('sendAll', ['alice'], 1),
    'a command of Object.prototype': reply('toString', ['alice'], 1),
    'no command': { header: { status: '0' }, data: 1 },
    'a list that is an object': reply('sendClients', { 0: 'alice' }, 1),
    'no list': reply('sendClients', undefined, 1),
    'entries that are not text': reply('sendClients', ['alice', 5], 1),
    'servers that are not text': reply('sendServers', [2223], 1),
    'no data': { header: good.header },
    'no data in the shape of the document': { header: { status: '0', command: 'sendClients', commandData: ['alice'] }, payload: {} },
    'no header': { data: 1 },
    'a header that is null': { header: null, data: 1 },
    'a list outside': [good],
    'no JSON': frame('nonsense'),
    'no UTF-8': frame(Buffer.from([0x22, 0xff, 0x22])),
    'brackets without end': frame('['.repeat(100_000)),
    'a negative length': head(-5),
    'an empty frame': head(0),
    'a length above the limit': head(200_001),
    'a frame that it does not finish': frame(JSON.stringify(good)).subarray(0, -1),
    'the end of the connection': Buffer.alloc(0),
    'a handler that there is not': reply('sendHandler', 'nobody', 1),
    'a built-in as handler': reply('sendHandler', 'dummy', 1),
    'a handler that is no text': reply('sendHandler', [5], 1),
    'two handlers': reply('sendHandler', ['c', 'c'], 1),
    'no handler': reply('sendHandler', [], 1),
  }
  for (const [what, given] of Object.entries(bad)) {
    it(`that answer with ${what} earn a bad report, and nothing is delivered`, async () => {
      expect(await outcome(given)).to.deep.equal(report('id', 'bad'))
      expect(await client.settled()).to.deep.equal([])
    })
  }

  it('that are silent, half silent, absent or not configured earn a bad report, within their deadline', async () => {
    const began = Date.now()
    expect(await outcome(undefined)).to.deep.equal(report('id', 'bad'))
    expect(Date.now() - began).to.be.within(120, 2_000)
    for (const type of ['upper', 'nobody', '', '__proto__', 'constructor']) expect(await client.ask(type, 1, type)).to.deep.equal(report(type, 'bad'))
    client.message('nobody', 1)
    expect(await client.settled()).to.deep.equal([])
  })

  it('may answer in pieces, and what follows their frame is not looked at', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      const bytes = frame(JSON.stringify(good))
      socket.once('data', () => {
        socket.write(bytes.subarray(0, 3))
        setImmediate(() => socket.write(Buffer.concat([bytes.subarray(3), frame('nonsense')])))
      })
    })
    server.listen({ path: bester.path('upper.sock') })
    await once(server, 'listening')
    cleanups.add(() => { server.close() })
    expect(await client.ask('upper', 1, 'x')).to.deep.equal(delivery('upper', 1))
    expect(await client.next()).to.deep.equal(report('x', 'good'))
  })

  it('pass a message on to one another; the delivery names the last', async () => {
    expect(await client.ask('a', { x: 0 }, 'chain')).to.deep.equal(delivery('c', { x: 0, a: 1, b: 2 }))
    expect(await client.next()).to.deep.equal(report('chain', 'good'))
  })

  it('may name the next one in a list of one', async () => {
    expect(await outcome(reply('sendHandler', ['c'], 5))).to.deep.equal(delivery('c', 5))
    expect(await client.next()).to.deep.equal(report('id', 'good'))
  })

  it('that pass it on in a circle are stopped', async () => {
    expect(await client.ask('self', 1, 'x')).to.deep.equal(report('x', 'bad'))
    expect(await client.ask('ping', 1, 'y')).to.deep.equal(report('y', 'bad'))
  })

  it('that can take only few connections at a time are waited for', async () => {
    const busy = await startBester(cleanups, { handlers: ['busy'], fields: { handler_timeout_ms: 4_000 } })
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(frame(JSON.stringify(reply('sendClients', [], 0)))))
    })
    server.listen({ path: busy.path('busy.sock'), backlog: 1 })
    await once(server, 'listening')
    cleanups.add(() => { server.close() })
    const clients = await Promise.all(Array.from({ length: 12 }, () => busy.login()))
    expect(await Promise.all(clients.map((one) => one.ask('busy', 1, 'x')))).to.deep.equal(clients.map(() => report('x', 'good')))
  })

  describe('send to servers', () => {
    interface Heard { readonly bytes: Buffer }

    async function server(): Promise<{ address: string; heard: Promise<Heard> }> {
      const port = await freePort()
      const listener = createServer()
      listener.listen({ host: '127.0.0.1', port })
      await once(listener, 'listening')
      cleanups.add(() => { listener.close() })
      const heard = once(listener, 'connection').then(async ([socket]) => {
        const pieces: Buffer[] = []
        for await (const piece of socket) pieces.push(piece as Buffer)
        return { bytes: Buffer.concat(pieces) }
      })
      return { address: `127.0.0.1:${port}`, heard }
    }

    it('one frame over a new connection each, which is closed then', async () => {
      const [first, second] = [await server(), await server()]
      expect(await outcome(reply('sendServers', [first.address, second.address], { d: 1 }))).to.deep.equal(report('id', 'good'))
      const expected = frame('{"header":{"scope":"server"},"payload":{"data":{"d":1},"type":"any","id":"id"}}')
      expect((await first.heard).bytes.toString()).to.equal(expected.toString())
      expect((await second.heard).bytes.toString()).to.equal(expected.toString())
    })

    it('an id of their own where the message has none', async () => {
      const { address, heard } = await server()
      answer = reply('sendServers', [address], 1)
      client.message('any', 1)
      const { bytes } = await heard
      expect(JSON.parse(bytes.toString('utf8', 4)).payload.id).to.be.a('string').with.length.above(10)
    })

    it('is bad when one fails, and all others are tried', async () => {
      const down = `127.0.0.1:${await freePort()}`
      for (const wrong of [down, '127.0.0.1', 'localhost:', ':2223', '127.0.0.1:0', '127.0.0.1:65536', '127.0.0.1:x', '::1:2224', '[::1]', '[x]:1', 'no such host:1', 'a/b:1', 'no.such.host.invalid:1', '', '\0:1']) {
        const { address, heard } = await server()
        expect(await outcome(reply('sendServers', [wrong, address], 1)), wrong).to.deep.equal(report('id', 'bad'))
        expect(JSON.parse((await heard).bytes.toString('utf8', 4)).payload.type).to.equal('any')
      }
    }).timeout(40_000)

    it('to none is good', async () => {
      expect(await outcome(reply('sendServers', [], 1))).to.deep.equal(report('id', 'good'))
    })
  })

  describe('that are requests of the cluster', () => {
    let cluster: TestBester
    before(async () => {
      cluster = await startBester(cleanups, {
        handlers: ['to-users'],
        fields: {
          handlers: { 'users': { request: 'list_users' }, 'make': { request: 'create_token' }, 'nonsense': { request: 'no_such_request' }, 'link-only': { request: 'set_status_subscription' }, 'pass': { socket: '/nonexistent' } },
          peers: ['127.0.0.1'],
        },
        users: { root: 'admin' },
      })
    })

    it('answer the originator in his own right', async () => {
      const alice = await cluster.login()
      const got = await alice.ask('users', {}, 'x')
      expect(got.payload.type).to.equal('users')
      expect((got.payload.data.list as { name: string }[]).map(({ name }) => name)).to.deep.equal(['alice', 'bob', 'root'])
      expect(JSON.stringify(got)).to.not.include('argon2')
      expect(await alice.next()).to.deep.equal(report('x', 'good'))
      expect((await alice.ask('users', null)).payload.data.list).to.have.length(3)
    })

    it('refuse what his role may not do, and let others do it', async () => {
      expect(await (await cluster.login()).ask('make', { name: 'x' }, 'x')).to.deep.equal(report('x', 'bad'))
      const root = await cluster.login('root')
      expect((await root.ask('make', { name: 'x' }, 'x')).payload.data.token).to.match(/^corral_/)
      expect(await root.next()).to.deep.equal(report('x', 'good'))
    })

    it('answer only on the connection that asked', async () => {
      const [one, other] = [await cluster.login(), await cluster.login()]
      await one.ask('users', {}, 'x')
      expect(await other.settled()).to.deep.equal([])
    })

    it('are bad for data that does not fit, and for requests that there are not', async () => {
      const root = await cluster.login('root')
      for (const [type, data] of [['make', {}], ['make', 5], ['make', ['x']], ['users', { x: 1 }], ['nonsense', {}], ['link-only', { enabled: true }]] as const) {
        expect(await root.ask(type, data, 'x'), type).to.deep.equal(report('x', 'bad'))
      }
    })

    it('serve no other server, which has no rights', async () => {
      const peer = cluster.connect().send({ header: { scope: 'server' }, payload: { type: 'users', data: {}, id: 'x' } })
      expect([await peer.next(), await peer.next()]).to.deep.equal([report('x', 'bad'), 'closed'])
    })
  })
})
