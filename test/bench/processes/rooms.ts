// The members of a game room, at the measured master or at a plain server; and that server: ws, JSON.parse of what
// arrives, JSON.stringify and one send for each member.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { answerCommands } from '../harness/answer-commands.ts'

const rooms = new Map<string, WebSocket[]>()
let received = 0
let awaited = 0
let allReceived: () => void = () => {}

async function connect(url: string): Promise<WebSocket> {
  const ws = new WebSocket(url, ['turntable'], { perMessageDeflate: false })
  await once(ws, 'open')
  return ws
}

answerCommands({
  /** Is the plain server. */
  serve: async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    server.on('connection', (ws) => {
      ws.on('error', () => ws.terminate())
      ws.on('message', (text: Buffer) => {
        const { command, data } = JSON.parse(text.toString()) as { command: string; data: unknown }
        if (command !== 'game') return
        for (const member of server.clients) member.send(JSON.stringify({ command, data }))
      })
    })
    await once(server, 'listening')
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
  },
  /** Connects the members of a room. */
  join: async ({ room, url, members }: { room: string; url: string; members: number }) => {
    const joined: WebSocket[] = []
    for (let index = 0; index < members; index += 1) {
      const ws = await connect(url)
      ws.on('message', (text: Buffer) => {
        // `{"command":"game"`: what was sent before is another command.
        if (text[12] !== 0x67) return
        received += 1
        if (received === awaited) allReceived()
      })
      ws.send(JSON.stringify({ command: 'joingame', data: { channel: room, self: `member-${index}` } }))
      joined.push(ws)
    }
    rooms.set(room, joined)
    return {}
  },
  /** Actions for all members, in bursts; the next burst follows when each has got the last. */
  play: async ({ room, seconds, burst }: { room: string; seconds: number; burst: number }) => {
    const members = rooms.get(room) ?? []
    const began = performance.now()
    const end = began + seconds * 1_000
    let count = 0
    while (performance.now() < end) {
      received = 0
      awaited = burst * members.length
      const done = new Promise<void>((resolve) => { allReceived = resolve })
      for (let index = 0; index < burst; index += 1) {
        const actions = [{ timestamp: Date.now(), from: 'member-0', data: { x: index, y: 17, angle: 1.25, weapon: 'grenade', target: '1:12345' } }]
        members[0]?.send(JSON.stringify({ command: 'game', data: { channel: room, actions } }))
      }
      await done
      count += awaited
    }
    return { count, seconds: (performance.now() - began) / 1_000 }
  },
  /** Subscribes to users, so many on each of some connections, and resolves when all states are here. */
  subscribe: async ({ url, connections, users }: { url: string; connections: number; users: number }) => {
    for (let index = 0; index < connections; index += 1) {
      const ws = await connect(url)
      ws.send(JSON.stringify({ command: 'idme', data: `subscriber-${index}` }))
      const answered = new Promise<void>((resolve) => {
        ws.on('message', (text: Buffer) => { if (text.includes('userchange')) resolve() })
      })
      if (users === 0) continue
      ws.send(JSON.stringify({ command: 'subscribe', data: Array.from({ length: users }, (_, user) => `1:${index * users + user}`) }))
      await answered
    }
    return {}
  },
})
