// The members of a group, at the measured master, at a plain server and at one on socket.io; and those two servers.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectTcp } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Server as SocketIo } from 'socket.io'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { answerCommands } from '../harness/answer-commands.ts'

export type GroupServer = 'concierge' | 'plain' | 'socket.io'

interface Message {
  readonly target: object
  readonly data: unknown
}

/** What is shorter is an answer, a greeting or a sign of life. */
const minMessageBytes = 250
const data = { tick: 12_345, players: Array.from({ length: 4 }, (_, id) => ({ id, x: 1.5 * id, y: -7.25, name: `player ${id}` })) }
const uuidOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

let received = 0
let awaited = 0
let allReceived: () => void = () => {}
const groups = new Map<GroupServer, { publisher: Reader; readers: number; url: string; stalled?: Reader }>()

/** A WebSocket client that counts messages without looking at them: the servers are measured, not the readers. */
class Reader {
  readonly #socket: Socket
  #rest = 0
  #buffer = Buffer.alloc(0)
  #seen: (text: string) => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async connect(url: string): Promise<Reader> {
    const { hostname, port, pathname, search } = new URL(url)
    const socket = connectTcp(Number(port), hostname)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
      + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`)
    const [head] = await once(socket, 'data') as [Buffer]
    const reader = new Reader(socket)
    socket.on('data', (bytes: Buffer) => reader.#read(bytes))
    reader.#read(head.subarray(head.indexOf('\r\n\r\n') + 4))
    return reader
  }

  /** Calls the listener with each short frame. */
  onShort(listener: (text: string) => void): void {
    this.#seen = listener
  }

  /** Sends texts in one write, masked with zeros. */
  send(texts: readonly string[]): void {
    this.#socket.write(Buffer.concat(texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = bytes.length < 126 ? [0x80 | bytes.length] : [0xfe, bytes.length >> 8, bytes.length & 0xff]
      return [Buffer.from([0x81, ...length, 0, 0, 0, 0]), bytes]
    })))
  }

  /** Sends a text and resolves with the first short frame that holds another. */
  async ask(text: string, awaitedText: string): Promise<void> {
    const answered = new Promise<void>((resolve) => this.onShort((frame) => { if (frame.includes(awaitedText)) resolve() }))
    this.send([text])
    await answered
    this.onShort(() => {})
  }

  pause(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    let at = this.#rest
    let view = bytes
    if (this.#buffer.length > 0) {
      view = Buffer.concat([this.#buffer, bytes])
      at = 0
    }
    while (at < view.length) {
      const short = (view[at + 1] ?? 0) & 0x7f
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
      if (view.length < start) break
      const length = short < 126 ? short : short === 126 ? view.readUInt16BE(at + 2) : Number(view.readBigUInt64BE(at + 2))
      if (length < minMessageBytes) {
        if (view.length < start + length) break
        this.#short(view.toString('utf8', start, start + length))
      } else {
        received += 1
        if (received === awaited) allReceived()
      }
      at = start + length
    }
    this.#rest = Math.max(0, at - view.length)
    this.#buffer = at < view.length ? Buffer.from(view.subarray(at)) : Buffer.alloc(0)
  }

  #short(text: string): void {
    // Socket.io's sign of life.
    if (text === '2') this.send(['3'])
    this.#seen(text)
  }
}

async function join(server: GroupServer, url: string, name: string): Promise<Reader> {
  const reader = await Reader.connect(server === 'concierge' ? `${url}/ws` : server === 'plain' ? url : `${url}/socket.io/?EIO=4&transport=websocket`)
  if (server === 'concierge') {
    await reader.ask(JSON.stringify({ type: 'IDENTIFY', name, version: '0.1.0' }), 'HELLO')
  } else if (server === 'socket.io') {
    await reader.ask('40', '40{')
  }
  return reader
}

// The answer holds all subscribers, and soon is no short frame any more.
async function subscribe(server: GroupServer, reader: Reader): Promise<void> {
  if (server === 'concierge') {
    reader.send([JSON.stringify({ type: 'SELF_SUBSCRIBE', name: 'chat' })])
    await reader.ask(JSON.stringify({ type: 'SELF_UNSUBSCRIBE', name: 'nowhere' }), 'NO_SUCH_GROUP')
  } else {
    await reader.ask(server === 'plain' ? '{"type":"SUBSCRIBE"}' : '42["subscribe"]', 'SUBSCRIBED')
  }
}

/** What a publisher sends, as the server wants it. */
function frameOf(server: GroupServer): string {
  const message = { type: 'MESSAGE', target: { type: 'GROUP', group: 'chat' }, data }
  return server === 'socket.io' ? `42${JSON.stringify(['message', message])}` : JSON.stringify(message)
}

/** The message for the subscribers, the same on every server. */
function relayed({ target, data: given }: Message, subscribers: readonly string[]): object {
  const group = { name: 'chat', nickname: 'Chat Channel', owner_uuid: uuidOf(0), subscribers }
  return { type: 'MESSAGE', origin: { name: 'publisher', nickname: null, uuid: uuidOf(0), tags: [], group }, target, data: given }
}

async function servePlain(): Promise<{ url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const subscribers = new Map<WebSocket, string>()
  server.on('connection', (ws) => {
    ws.on('error', () => ws.terminate())
    ws.on('close', () => subscribers.delete(ws))
    ws.on('message', (text: Buffer) => {
      const payload = JSON.parse(text.toString()) as Message & { type: string }
      if (payload.type === 'SUBSCRIBE') {
        subscribers.set(ws, uuidOf(subscribers.size))
        ws.send('SUBSCRIBED')
        return
      }
      const uuids = [...subscribers.values()]
      for (const subscriber of subscribers.keys()) subscriber.send(JSON.stringify(relayed(payload, uuids)))
    })
  })
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function serveSocketIo(): Promise<{ url: string }> {
  const http = createServer()
  const server = new SocketIo(http, { transports: ['websocket'], perMessageDeflate: false })
  const uuids: string[] = []
  server.on('connection', (socket) => {
    socket.on('subscribe', () => {
      void socket.join('chat')
      uuids.push(uuidOf(uuids.length))
      socket.emit('SUBSCRIBED')
    })
    socket.on('message', (payload: Message) => server.to('chat').emit('message', relayed(payload, uuids)))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` }
}

answerCommands({
  servePlain, serveSocketIo,

  /** Connects a publisher and the subscribers of a group. */
  join: async ({ server, url, readers }: { server: GroupServer; url: string; readers: number }) => {
    for (let index = 0; index < readers; index += 1) await subscribe(server, await join(server, url, `reader${index}`))
    groups.set(server, { publisher: await join(server, url, 'publisher'), readers, url })
    return {}
  },

  /** One more subscriber, that reads nothing from now on; with `isThere` false, it goes. */
  stall: async ({ server, isThere }: { server: GroupServer; isThere: boolean }) => {
    const group = groups.get(server)
    if (!group) throw new Error('Nobody has joined')
    group.stalled?.close()
    delete group.stalled
    if (!isThere) return {}
    group.stalled = await join(server, group.url, `stalled${Date.now()}`)
    await subscribe(server, group.stalled)
    group.stalled.pause()
    return {}
  },

  /** Messages for all subscribers, in bursts; the next burst follows when each of those that read has got the last. */
  publish: async ({ server, seconds, burst }: { server: GroupServer; seconds: number; burst: number }) => {
    const group = groups.get(server)
    if (!group) throw new Error('Nobody has joined')
    const frames = Array.from({ length: burst }, () => frameOf(server))
    const began = performance.now()
    const end = began + seconds * 1_000
    let count = 0
    while (performance.now() < end) {
      received = 0
      awaited = burst * group.readers
      const done = new Promise<void>((resolve) => { allReceived = resolve })
      group.publisher.send(frames)
      await done
      count += awaited
    }
    return { count, seconds: (performance.now() - began) / 1_000 }
  },
})
