import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { Cleanups } from '../helpers/cleanups.ts'
import { eventually } from '../helpers/eventually.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { channelSettings, echo, hidden, note, pulse } from '../helpers/link-fixtures.ts'
import { SocketMaster } from '../helpers/socket-master.ts'
import type { SocketMasterOptions } from '../helpers/socket-master.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

const hello = '{"seq":1,"type":"hello","data":{"version":"2.0.0"}}'
const ready = '{"seq":2,"type":"ready","data":{}}'
const control = { token: 'good', agent: 'clusterctl', version: '2.0.0' }
const slave = { token: 'good', agent: 'Clusterio Slave', version: '2.0.0', id: 1, name: 'slave1' }

/** A peer that speaks the base dialect with nothing of ours: frames as texts, and how its connection ended. */
class Peer {
  readonly ws: WebSocket
  readonly frames: string[] = []
  closed: { code: number; reason: string } | undefined
  #read = 0

  constructor(url: string, cleanups: Cleanups, options: object = {}) {
    this.ws = new WebSocket(`${url.replace('http', 'ws')}/api/socket`, { perMessageDeflate: false, ...options })
    this.ws.on('error', () => {})
    this.ws.on('message', (data: Buffer, isBinary) => this.frames.push(isBinary ? 'binary' : data.toString()))
    this.ws.on('close', (code, reason) => { this.closed = { code, reason: reason.toString() } })
    cleanups.add(() => this.ws.terminate())
  }

  say(frame: string | Buffer): void {
    this.ws.send(frame)
  }

  /** The next frame, word for word. */
  async hear(): Promise<string> {
    const frame = await eventually(() => {
      expect(this.frames.length, `frames; closed: ${JSON.stringify(this.closed)}`).to.be.above(this.#read)
      return this.frames[this.#read] ?? ''
    })
    this.#read += 1
    return frame
  }

  /** All frames that came after what was heard, once the connection has ended. */
  async last(): Promise<string[]> {
    await eventually(() => expect(this.closed, `closed; frames: ${this.frames.join()}`).not.to.equal(undefined))
    return this.frames.slice(this.#read)
  }

  async register(type = 'register_control', data: object = control): Promise<this> {
    expect(await this.hear()).to.equal(hello)
    this.say(JSON.stringify({ seq: 1, type, data }))
    expect(await this.hear()).to.equal(ready)
    return this
  }
}

function close(seq: number, reason: string): string {
  return `{"seq":${seq},"type":"close","data":{"reason":${JSON.stringify(reason)}}}`
}

describe('The base dialect of the link, as seed 001 and protocols/link.md have it', () => {
  const cleanups = new Cleanups()
  const uncaught: unknown[] = []
  const remember = (error: unknown): void => { uncaught.push(error) }
  let master: SocketMaster
  before(() => { process.on('uncaughtExceptionMonitor', remember) })
  after(() => { process.off('uncaughtExceptionMonitor', remember) })
  beforeEach(async () => { master = await SocketMaster.start(cleanups) })
  afterEach(async () => {
    await cleanups.run()
    expect(uncaught).to.deep.equal([])
  })

  async function masterWith(options: SocketMasterOptions): Promise<SocketMaster> {
    return SocketMaster.start(cleanups, options)
  }

  function peer(at: SocketMaster = master, options: object = {}): Peer {
    return new Peer(at.url, cleanups, options)
  }

  /** What a new peer is told, and that nothing follows, after it has said one thing instead of registering. */
  async function refusalOf(frame: string | Buffer, at: SocketMaster = master): Promise<string[]> {
    const stranger = peer(at)
    expect(await stranger.hear()).to.equal(hello)
    stranger.say(frame)
    return stranger.last()
  }

  /** The same for a control that has registered. */
  async function faultOf(frame: string | Buffer): Promise<string[]> {
    const known = await peer().register()
    known.say(frame)
    return known.last()
  }

  describe('handshake', () => {
    it('greets, registers controls and slaves, and says nothing more', async () => {
      const peers = [await peer().register(), await peer().register('register_slave', slave)]
      for (const one of peers) {
        one.say('{"seq":2,"type":"close","data":{"reason":"quit"}}')
        expect(await one.last()).to.deep.equal([])
      }
      expect(master.links.map(({ peer: role }) => role)).to.deep.equal(['control', 'slave'])
      await eventually(() => expect(master.owner.ends).to.deep.equal(['quit', 'quit']))
    })

    it('takes binary frames with JSON as it takes text, and answers in text', async () => {
      const one = peer()
      expect(await one.hear()).to.equal(hello)
      one.say(Buffer.from(JSON.stringify({ seq: 1, type: 'register_control', data: control })))
      expect(await one.hear()).to.equal(ready)
      one.say(Buffer.from('{"seq":2,"type":"echo_request","data":{"n":1}}'))
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
    })

    it('refuses offers to compress, and serves who made them', async () => {
      const one = await peer(master, { perMessageDeflate: true }).register()
      expect(one.ws.extensions).to.equal('')
      expect(one.ws.protocol).to.equal('')
    })

    it('takes requests that are sent before it is ready', async () => {
      const one = peer()
      await once(one.ws, 'open')
      one.say(JSON.stringify({ seq: 1, type: 'register_control', data: control }))
      for (let seq = 2; seq < 102; seq += 1) one.say(`{"seq":${seq},"type":"echo_request","data":{"n":${seq}}}`)
      expect([await one.hear(), await one.hear()]).to.deep.equal([hello, ready])
      for (let seq = 2; seq < 102; seq += 1) expect(await one.hear()).to.equal(`{"seq":${seq + 1},"type":"echo_response","data":{"seq":${seq},"n":${seq}}}`)
    })

    it('ends with "Invalid handshake" when the first message is no valid register', async () => {
      const frames = [
        { seq: 1, type: 'register_admin', data: control }, { seq: 1, type: 'register_control', data: {} },
        { seq: 1, type: 'register_control', data: { ...control, more: 1 } }, { seq: 1, type: 'register_control', data: { ...control, token: 5 } },
        { seq: 1, type: 'register_control', data: { ...control, token: '' } }, { seq: 1, type: 'register_slave', data: control },
        { seq: 1, type: 'register_slave', data: { ...slave, id: '1' } }, { seq: 1, type: 'register_slave', data: { ...slave, id: 1.5 } },
        { seq: 1, type: 'echo_request', data: { n: 1 } }, { seq: 1, type: 'resume', data: { session_id: 'a', session_secret: 'b', received: 0 } },
        { seq: 1, type: 'hello', data: { version: '2.0.0' } }, { seq: 1, type: 'register_control', data: control, more: 1 },
      ].map((frame) => JSON.stringify(frame))
      const malformed = ['', '{', 'null', '[]', '"x"', '[['.repeat(100_000), `{"seq":1,"type":"register_control","data":{"__proto__":${JSON.stringify(control)}}}`]
      for (const frame of [...frames, ...malformed]) expect(await refusalOf(frame), frame.slice(0, 100)).to.deep.equal([close(2, 'Invalid handshake')])
      expect(master.links).to.deep.equal([])
    })

    it('ends with "Authentication failed" for a token that is not accepted', async () => {
      for (const code of ['unauthenticated', 'forbidden'] as const) {
        const strict = await masterWith({ authenticate: async () => { throw new ClusterError(code, 'Secret reasons') } })
        const frame = JSON.stringify({ seq: 1, type: 'register_control', data: control })
        expect(await refusalOf(frame, strict)).to.deep.equal([close(2, 'Authentication failed')])
      }
    })

    it('gives nothing away when it fails itself', async () => {
      const broken = await masterWith({ authenticate: () => { throw new Error('password is hunter2') } })
      const frame = JSON.stringify({ seq: 1, type: 'register_control', data: control })
      expect(await refusalOf(frame, broken)).to.deep.equal([close(2, 'Internal error')])
    })

    it('ends with "Invalid handshake" for a peer that stays silent', async () => {
      const hasty = await masterWith({ handshakeDeadlineMs: 30 })
      const one = peer(hasty)
      expect(await one.hear()).to.equal(hello)
      expect(await one.last()).to.deep.equal([close(2, 'Invalid handshake')])
      await eventually(() => expect(hasty.connections).to.equal(0))
    })

    it('ends without a word for a peer that says goodbye before it has registered', async () => {
      expect(await refusalOf('{"seq":1,"type":"close","data":{"reason":"changed my mind"}}')).to.deep.equal([])
      expect(await refusalOf('{"seq":1,"type":"close","data":{"reason":{"toString":1}}}')).to.have.length.below(2)
    })

    it('lets nobody in who has left while the token was looked up', async () => {
      let finish: (owner: string) => void = () => {}
      const slow = await masterWith({ authenticate: () => new Promise((resolve) => { finish = resolve }) })
      const one = peer(slow)
      await one.hear()
      one.say(JSON.stringify({ seq: 1, type: 'register_slave', data: slave }))
      await eventually(() => expect(slow.registrations).to.equal(1))
      one.ws.terminate()
      await eventually(() => expect(slow.connections).to.equal(0))
      finish('good')
      await eventually(() => expect(slow.refusals).to.have.length(1))
      expect(slow.links).to.deep.equal([])
    })
  })

  describe('requests and events', () => {
    it('answers with the request\'s seq and exactly the response\'s properties', async () => {
      const one = await peer().register()
      one.say('{"seq":77,"type":"echo_request","data":{"n":5}}')
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":77,"n":5}}')
      one.say('{"seq":1,"type":"echo_request","data":{"n":6}}')
      expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":1,"n":6}}')
    })

    it('leaves out of answers, requests and events what the dialect does not have', async () => {
      const rich = await masterWith({ owner: { answer: async () => ({ n: 1, extra: 'ours alone' }), accept: () => {} } })
      const one = await peer(rich).register('register_slave', slave)
      one.say('{"seq":2,"type":"echo_request","data":{"n":5}}')
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
      const answer = rich.link.send(echo, { n: 2, extra: 'ours alone' }, { key: 'k' })
      expect(await one.hear()).to.equal('{"seq":4,"type":"echo_request","data":{"n":2}}')
      one.say('{"seq":3,"type":"echo_response","data":{"seq":4,"n":3}}')
      expect(await answer).to.deep.equal({ n: 3 })
      rich.link.emit(note, { n: 4 })
      expect(await one.hear()).to.equal('{"seq":5,"type":"note_event","data":{"n":4}}')
      rich.link.emit(pulse, { n: 5 })
      expect(await one.hear()).to.equal('{"seq":6,"type":"pulse_event","data":{"n":5}}')
      expect(await failureOf(rich.link.send(hidden, { n: 6 }))).to.include({ code: 'unknown_type' })
      rich.link.emit({ ...note, base: undefined }, { n: 7 })
    })

    it('answers in the order in which the work is done', async () => {
      const open: Array<(data: unknown) => void> = []
      const slow = await masterWith({ owner: { answer: () => new Promise((resolve) => { open.push(resolve) }), accept: () => {} } })
      const one = await peer(slow).register()
      one.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      one.say('{"seq":3,"type":"echo_request","data":{"n":2}}')
      await eventually(() => expect(open).to.have.length(2))
      open[1]?.({ n: 2 })
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":3,"n":2}}')
      open[0]?.({ n: 1 })
      expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":2,"n":1}}')
    })

    it('tells an error as exactly seq and error, word for word', async () => {
      const failing = await masterWith({
        owner: { answer: () => Promise.reject(new ClusterError('not_found', 'Instance with ID 7 does not exist', { details: { id: 7 } })), accept: () => {} },
      })
      const one = await peer(failing).register()
      one.say('{"seq":2,"type":"echo_request","data":{"n":7}}')
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"error":"Instance with ID 7 does not exist"}}')
    })

    it('takes a peer\'s error as the answer, and events without an answer', async () => {
      const one = await peer().register('register_slave', slave)
      const failure = failureOf(master.link.send(echo, { n: 1 }))
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_request","data":{"n":1}}')
      one.say('{"seq":2,"type":"echo_response","data":{"seq":3,"error":"No such thing"}}')
      expect((await failure).message).to.equal('No such thing')
      one.say('{"seq":3,"type":"note_event","data":{"n":9}}')
      one.say('{"seq":4,"type":"echo_request","data":{"n":1}}')
      expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":4,"n":1}}')
      expect(master.owner.events).to.deep.equal([['note', 9]])
    })

    it('ignores an answer that comes after the deadline', async () => {
      const one = await peer().register('register_slave', slave)
      expect(await failureOf(master.link.send(echo, { n: 1 }, { deadlineMs: 10 }))).to.include({ code: 'deadline' })
      await one.hear()
      one.say('{"seq":2,"type":"echo_response","data":{"seq":3,"n":1}}')
      one.say('{"seq":3,"type":"echo_request","data":{"n":1}}')
      expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":3,"n":1}}')
    })
  })

  describe('faults', () => {
    it('"Malformed" for whatever is not the envelope', async () => {
      const frames = [
        '', '{', 'null', '[]', '7', '{}', '{"seq":2,"type":"echo_request"}', '{"seq":2,"data":{}}', '{"type":"echo_request","data":{"n":1}}',
        '{"seq":"2","type":"echo_request","data":{"n":1}}', '{"seq":2.5,"type":"echo_request","data":{"n":1}}', '{"seq":2,"type":7,"data":{}}',
        '{"seq":2,"type":"echo_request","data":[]}', '{"seq":2,"type":"echo_request","data":null}', '{"seq":2,"type":"echo_request","data":{"n":1},"more":1}',
        '{"seq":2,"type":"echo_request","data":{"n":1},"__proto__":{}}', `{"seq":2,"type":"echo_request","data":${'{"n":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
        `{"seq":2,"type":"echo_request","data":{"n":${'['.repeat(100)}${']'.repeat(100)}}}`, '{"type":"echo_request"}\n{"n":1}',
      ]
      for (const frame of frames) expect(await faultOf(frame), frame.slice(0, 100)).to.deep.equal([close(3, 'Invalid message: Malformed')])
      expect(await faultOf(Buffer.from([0xff, 0xfe, 0x00]))).to.deep.equal([close(3, 'Invalid message: Malformed')])
    })

    it('"No validator" for a type that is unknown, goes the other way, or is not in this dialect', async () => {
      for (const type of ['nonsense', 'nonsense_request', 'hidden_request', 'note_event', 'echo_event', 'echo_response', 'ready', 'register_control', 'heartbeat', '__proto__', 'toString_request', '']) {
        const frame = JSON.stringify({ seq: 2, type, data: {} })
        expect(await faultOf(frame), type).to.deep.equal([close(3, `Invalid message: No validator for ${type} on master-control`)])
      }
    })

    it('names the link from its own end', async () => {
      const one = await peer().register('register_slave', slave)
      one.say('{"seq":2,"type":"nonsense","data":{}}')
      expect(await one.last()).to.deep.equal([close(3, 'Invalid message: No validator for nonsense on master-slave')])
    })

    it('"Validation failed" for data that does not fit', async () => {
      for (const data of ['{}', '{"n":"1"}', '{"n":1.5}', '{"n":1,"extra":"x"}', '{"n":1,"__proto__":{"admin":true}}', '{"n":null}']) {
        expect(await faultOf(`{"seq":2,"type":"echo_request","data":${data}}`), data).to.deep.equal([close(3, 'Invalid message: Validation failed for echo_request')])
      }
    })

    it('"Unhandled message" for an answer to nothing', async () => {
      const one = await peer().register('register_slave', slave)
      one.say('{"seq":2,"type":"echo_response","data":{"seq":9,"n":1}}')
      expect(await one.last()).to.deep.equal([close(3, 'Invalid message: Unhandled message echo_response')])
      expect(one.closed).to.deep.equal({ code: 4000, reason: 'Invalid message: Unhandled message echo_response' })
    })

    it('goes by the last of duplicate keys in everything', async () => {
      const one = await peer().register()
      one.say('{"seq":2,"type":"hidden_request","data":{"n":1},"type":"echo_request","data":{"n":2}}')
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":2}}')
    })

    it('costs nobody else anything, and what was open with the faulty peer fails', async () => {
      const good = await peer().register()
      const bad = await peer().register('register_slave', slave)
      const pending = failureOf(master.link.send(echo, { n: 1 }))
      bad.say('{')
      expect(await pending).to.include({ code: 'link_closed' })
      good.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      expect(await good.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
    })

    it('says nothing after the close, however many faults follow', async () => {
      const one = await peer().register()
      for (let count = 0; count < 50; count += 1) one.say('{')
      one.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      expect(await one.last()).to.deep.equal([close(3, 'Invalid message: Malformed')])
      expect(master.owner.requests).to.deep.equal([])
    })
  })

  describe('closing', () => {
    it('tells the peer why before it ends the connection', async () => {
      const one = await peer().register()
      master.close()
      expect(await one.last()).to.deep.equal([close(3, 'shutdown')])
      expect(one.closed).to.deep.equal({ code: 1000, reason: 'shutdown' })
    })

    it('ends the connection of a peer that says goodbye, with nothing to add', async () => {
      const one = await peer().register()
      one.say('{"seq":2,"type":"close","data":{"reason":"quit"}}')
      expect(await one.last()).to.deep.equal([])
      await eventually(() => expect(master.owner.ends).to.deep.equal(['quit']))
    })

    it('notices a peer that goes without a word', async () => {
      const one = await peer().register('register_slave', slave)
      const pending = failureOf(master.link.send(echo, { n: 1 }))
      one.ws.terminate()
      expect(await pending).to.include({ code: 'link_closed' })
      expect(master.owner.ends).to.deep.equal(['connection lost'])
    })

    it('finds a peer dead that does not answer pings, and keeps one that does', async () => {
      const watchful = await masterWith({ settings: channelSettings({ heartbeatMs: 10, heartbeatTimeoutMs: 100 }) })
      const alive = await peer(watchful).register()
      const dead = await peer(watchful, { autoPong: false }).register()
      expect(await dead.last()).to.deep.equal([])
      expect(dead.closed?.code).to.equal(1006)
      alive.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      expect(await alive.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
    })

    it('lets go of a peer that does not read', async () => {
      const narrow = await masterWith({ settings: channelSettings({ sendBufferBytes: 100_000 }), maxRequestsInFlight: 100_000 })
      const one = await peer(narrow).register('register_slave', slave)
      one.ws.pause()
      const { link } = narrow
      const failures: Promise<ClusterError>[] = []
      for (let count = 0; count < 200_000 && link.isOpen; count += 1) {
        failures.push(failureOf(link.send(echo, { n: count })))
        if (count % 1_000 === 0) await new Promise(setImmediate)
      }
      for (const failure of await Promise.all(failures)) expect(failure.code).to.equal('link_closed')
      expect(narrow.owner.ends).to.deep.equal(['The peer does not read: its send buffer is full'])
    }).timeout(60_000)
  })

  describe('below the frames', () => {
    /** A socket after its upgrade, or after whatever was asked instead. */
    async function rawSocket(at: SocketMaster, registers: boolean) {
      const socket = connectSocket({ host: '127.0.0.1', port: at.port })
      socket.on('error', () => {})
      cleanups.add(() => socket.destroy())
      await once(socket, 'connect')
      socket.write(`GET /api/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`)
      await once(socket, 'data')
      if (registers) socket.write(frame(0x81, JSON.stringify({ seq: 1, type: 'register_control', data: control })))
      return socket
    }

    /** A masked frame; `length` lies where it is given. */
    function frame(firstByte: number, payload: string | Buffer, { isMasked = true, length = Buffer.byteLength(payload) } = {}): Buffer {
      const head = length < 126 ? Buffer.from([firstByte, length]) : Buffer.from([firstByte, 127, 0, 0, 0, 0, 0, 0, 0, 0])
      if (length >= 126) head.writeBigUInt64BE(BigInt(length), 2)
      if (isMasked) head[1] = (head[1] ?? 0) | 0x80
      return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0), Buffer.from(payload)])
    }

    const breaches: Record<string, Buffer> = {
      'an unmasked frame': frame(0x81, '{}', { isMasked: false }),
      'invalid UTF-8': frame(0x81, Buffer.from([0xff, 0xff])),
      'a frame that is too long': frame(0x81, '', { length: 2 ** 40 }),
      'a reserved opcode': frame(0x83, ''),
      'reserved bits': frame(0xf1, ''),
      'a fragmented ping': frame(0x09, ''),
      'a continuation of nothing': frame(0x80, 'x'),
      'a close frame with a bad code': frame(0x88, Buffer.from([0, 1])),
      'a close frame with half a code': frame(0x88, Buffer.from([3])),
      'plain HTTP': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      'noise': Buffer.alloc(4_096, 0xa5),
    }

    for (const registers of [false, true]) {
      it(`bears every breach of the WebSocket protocol ${registers ? 'after' : 'before'} the handshake, and frees the connection`, async () => {
        for (const [what, bytes] of Object.entries(breaches)) {
          const socket = await rawSocket(master, registers)
          if (registers) await eventually(() => expect(master.links.at(-1)?.isOpen, what).to.equal(true))
          const ended = once(socket, 'close')
          socket.resume()
          socket.write(bytes)
          await ended
        }
        await eventually(() => expect(master.connections).to.equal(0))
        await eventually(() => expect(master.links.some(({ isOpen }) => isOpen)).to.equal(false))
        await peer().register()
      })

      it(`bears connections that break ${registers ? 'after' : 'before'} the handshake, at once or within a frame`, async () => {
        for (let count = 0; count < 30; count += 1) {
          const socket = await rawSocket(master, registers)
          if (count % 3 > 0) socket.write(frame(0x81, 'x'.repeat(1_000)).subarray(0, 500))
          if (count % 2 > 0) socket.resetAndDestroy()
          else socket.destroy()
        }
        await eventually(() => expect(master.connections).to.equal(0))
        await peer().register()
      })
    }

    it('takes messages in fragments', async () => {
      const socket = await rawSocket(master, true)
      socket.write(Buffer.concat([frame(0x01, '{"seq":2,"type":"echo_request",'), frame(0x89, 'ping'), frame(0x80, '"data":{"n":41}}')]))
      await eventually(() => expect(master.owner.requests).to.deep.equal([41]))
    })

    it('tells who sends a message that is too large, in the close code', async () => {
      const one = await peer().register()
      one.say(JSON.stringify({ seq: 2, type: 'echo_request', data: { n: 1, text: 'x'.repeat(2 * 1024 * 1024) } }))
      expect(await one.last()).to.deep.equal([])
      expect(one.closed?.code).to.equal(1009)
    })
  })
})
