// The clients of the gateway and of a plain relay, and the provider behind each; and that relay, which does the same two hops.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { answerCommands } from '../harness/answer-commands.ts'
import { CountingReader, Tally } from '../harness/counting-reader.ts'

export type GatewayServer = 'gateway' | 'plain'

interface Message {
  readonly type: number
  readonly cn?: number
  readonly cns?: readonly number[]
  readonly subtype: number
  readonly server?: number
  readonly id?: number
}

interface Side {
  /** Numbers of the clients that have connected. */
  readonly cns: Set<number>
  readonly readers: CountingReader[]
  url: string
  send(text: string): void
}

const stream = 1
const data = [{ tick: 12_345, players: Array.from({ length: 6 }, (_, id) => ({ id, x: 1.5 * id, y: -7.25, name: `player ${id}` })) }]
const tally = new Tally()
const sides = new Map<GatewayServer, Side>()

function sideOf(server: GatewayServer): Side {
  const side = sides.get(server)
  if (!side) throw new Error('There is no provider')
  return side
}

/** A relay as one writes it first: each message is parsed, changed, and encoded for each of its receivers. */
async function serveRelay({ providerUrl }: { providerUrl: string }): Promise<{ url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const provider = new WebSocket(providerUrl, { perMessageDeflate: false })
  const clients = new Map<number, WebSocket>()
  provider.on('message', (text: Buffer) => {
    const { cn, cns, ...message } = JSON.parse(text.toString()) as Message
    for (const receiver of cns ?? [cn ?? 0]) clients.get(receiver)?.send(JSON.stringify({ ...message, server: 1 }))
  })
  server.on('connection', (ws) => {
    const cn = clients.size + 1
    clients.set(cn, ws)
    ws.on('error', () => ws.terminate())
    ws.on('message', (text: Buffer) => {
      const { server: _server, ...message } = JSON.parse(text.toString()) as Message
      provider.send(JSON.stringify({ ...message, cn }))
    })
  })
  await Promise.all([once(server, 'listening'), once(provider, 'open')])
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function serveProvider({ server }: { server: GatewayServer }): Promise<{ url: string }> {
  const provider = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const side: Side = { cns: new Set(), readers: [], url: '', send: () => {} }
  sides.set(server, side)
  provider.on('connection', (ws) => {
    side.send = (text) => ws.send(text)
    ws.on('error', () => ws.terminate())
    ws.on('message', (text: Buffer) => {
      const { cn = 0, subtype, id } = JSON.parse(text.toString()) as Message
      if (subtype === 0) side.cns.add(cn)
      ws.send(JSON.stringify({ type: 2, cn, subtype, id, ok: true, data: subtype === 6 ? data : [] }))
    })
  })
  await once(provider, 'listening')
  return { url: `ws://127.0.0.1:${(provider.address() as AddressInfo).port}` }
}

/** Has frames made by `send` until the time is up; the next follow when all that they bring about has come. */
async function pump(seconds: number, expected: number, send: () => void): Promise<{ count: number; seconds: number }> {
  const began = performance.now()
  const end = began + seconds * 1_000
  let count = 0
  while (performance.now() < end) {
    const done = tally.expect(expected)
    send()
    await done
    count += expected
  }
  return { count, seconds: (performance.now() - began) / 1_000 }
}

answerCommands({
  serveRelay, serveProvider,

  /** Connects clients, and each of them to the provider. */
  join: async ({ server, url, readers, serviceId }: { server: GatewayServer; url: string; readers: number; serviceId: number }) => {
    const side = sideOf(server)
    for (let index = 0; index < readers; index += 1) {
      const reader = await CountingReader.connect(server === 'gateway' ? `${url}/gateway` : url, tally)
      await reader.ask(JSON.stringify({ type: 1, subtype: 0, server: serviceId, id: 0 }), '"ok":true')
      side.readers.push(reader)
    }
    return {}
  },

  /** Stream data for all clients, in bursts. */
  stream: ({ server, burst, seconds }: { server: GatewayServer; burst: number; seconds: number }) => {
    const side = sideOf(server)
    const text = JSON.stringify({ type: 3, cns: [...side.cns], subtype: stream, data })
    return pump(seconds, burst * side.readers.length, () => { for (let index = 0; index < burst; index += 1) side.send(text) })
  },

  /** Requests of one client, so many at once. */
  request: ({ server, serviceId, inFlight, seconds }: { server: GatewayServer; serviceId: number; inFlight: number; seconds: number }) => {
    const [reader] = sideOf(server).readers
    const texts = Array.from({ length: inFlight }, (_, id) => JSON.stringify({ type: 1, subtype: 6, server: serviceId, id, interface: 1, data }))
    return pump(seconds, inFlight, () => reader?.send(texts))
  },
})
