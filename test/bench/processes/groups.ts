// The members of a group, at the measured master, at a plain server and at one on socket.io; and those two servers.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as SocketIo } from 'socket.io'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { answerCommands } from '../harness/answer-commands.ts'
import { CountingReader, Tally } from '../harness/counting-reader.ts'

export type GroupServer = 'concierge' | 'plain' | 'socket.io'

interface Message {
  readonly target: object
  readonly data: unknown
}

const data = { tick: 12_345, players: Array.from({ length: 4 }, (_, id) => ({ id, x: 1.5 * id, y: -7.25, name: `player ${id}` })) }
const uuidOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

const tally = new Tally()
const groups = new Map<GroupServer, { publisher: CountingReader; readers: number; url: string; stalled?: CountingReader }>()

async function join(server: GroupServer, url: string, name: string): Promise<CountingReader> {
  const reader = await CountingReader.connect(server === 'concierge' ? `${url}/ws` : server === 'plain' ? url : `${url}/socket.io/?EIO=4&transport=websocket`, tally)
  if (server === 'concierge') {
    await reader.ask(JSON.stringify({ type: 'IDENTIFY', name, version: '0.1.0' }), 'HELLO')
  } else if (server === 'socket.io') {
    await reader.ask('40', '40{')
  }
  return reader
}

// The answer holds all subscribers, and soon is no short frame any more.
async function subscribe(server: GroupServer, reader: CountingReader): Promise<void> {
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
      const done = tally.expect(burst * group.readers)
      group.publisher.send(frames)
      await done
      count += burst * group.readers
    }
    return { count, seconds: (performance.now() - began) / 1_000 }
  },
})
