// The handler that echoes; the plain server, which does for each message what the protocol asks for and nothing else; and the
// clients of both.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { answerCommands } from '../harness/answer-commands.ts'

interface Sent { readonly header: unknown; readonly payload: { readonly type: string; readonly data: { readonly from: string }; readonly id: string } }

function frame(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  const head = Buffer.alloc(4)
  head.writeInt32LE(body.length)
  return Buffer.concat([head, body])
}

/** Calls with the value of each frame that comes. */
function read(socket: Socket, received: (value: never) => void): void {
  let data: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    data = data.length === 0 ? chunk : Buffer.concat([data, chunk])
    while (data.length >= 4 && data.length >= 4 + data.readInt32LE(0)) {
      const end = 4 + data.readInt32LE(0)
      const body = data.toString('utf8', 4, end)
      data = data.subarray(end)
      received(JSON.parse(body) as never)
    }
  })
}

function servePlainly(client: Socket, handler: string): void {
  client.setNoDelay(true)
  read(client, ({ header, payload: { type, data, id } }: Sent) => {
    if (header) client.write(frame({ header: { messageType: 'statusReport', status: 'good' }, payload: { id: 'auth_special' } }))
    const socket = connect({ path: handler })
    socket.on('connect', () => socket.write(frame(data)))
    read(socket, (reply: { data: unknown }) => {
      socket.destroy()
      client.write(Buffer.concat([
        frame({ header: { status: 'good', messageType: 'receivedMessage' }, payload: { data: reply.data, type } }),
        frame({ header: { messageType: 'statusReport', status: 'good' }, payload: { id } }),
      ]))
    })
  })
}

interface Client { readonly socket: Socket; send(): void }

const crowds = new Map<string, Client[]>()
let count = 0
let isOver = true

answerCommands({
  /** Is the handler, at a path. */
  handle: async ({ path }: { path: string }) => {
    const server = createServer((socket) => read(socket, (data: { from: string }) => {
      socket.write(frame({ header: { status: '0', command: { type: 'sendClients', data: [data.from] } }, data }))
    }))
    server.listen({ path, backlog: 1_000 })
    await once(server, 'listening')
    return {}
  },
  /** Is the plain server. */
  serve: async ({ handler }: { handler: string }) => {
    const server = createServer((socket) => servePlainly(socket, handler))
    server.listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port }
  },
  /** Connects clients, each as a user of its own. */
  join: async ({ crowd, port, clients }: { crowd: string; port: number; clients: number }) => {
    const joined: Client[] = []
    for (let index = 0; index < clients; index += 1) {
      const from = `user-${index}`
      const socket = connect({ host: '127.0.0.1', port })
      socket.setNoDelay(true)
      const message = frame({ header: null, payload: { type: 'echo', data: { from, text: 'A message of a usual length, as one is typed', at: 1_700_000_000, tags: ['a', 'b'] }, id: 'echo' } })
      const client: Client = { socket, send: () => socket.write(message) }
      socket.write(frame({ header: { authentication: { username: from, password: 'of the bench' }, scope: 'client' }, payload: { type: 'echo', data: { from }, id: 'first' } }))
      await new Promise<void>((resolve) => {
        read(socket, ({ payload: { id } }: Sent) => {
          if (id === 'first') resolve()
          if (id !== 'echo') return
          count += 1
          if (!isOver) client.send()
        })
      })
      joined.push(client)
    }
    crowds.set(crowd, joined)
    return {}
  },
  /** Each client sends its next message when the last one has come back. */
  echo: async ({ crowd, seconds }: { crowd: string; seconds: number }) => {
    isOver = false
    count = 0
    const began = performance.now()
    for (const client of crowds.get(crowd) ?? []) client.send()
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1_000) })
    const [done, took] = [count, performance.now() - began]
    isOver = true
    // What is under way comes in the turn of this one still.
    await new Promise((resolve) => { setTimeout(resolve, 50) })
    return { count: done, seconds: took / 1_000 }
  },
})
