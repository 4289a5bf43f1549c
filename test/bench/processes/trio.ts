// One of the three that a request goes through, control → server → slave, by our link, socket.io or moleculer.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { ServiceBroker } from 'moleculer'
import type { Context } from 'moleculer'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import type { Socket } from 'socket.io-client'
import { sendRcon } from '../../../lib/link/messages/console.ts'
import { answerCommands } from '../harness/answer-commands.ts'
import { percentile } from '../harness/benchmark.ts'
import type { SlaveIdentity } from '../harness/cluster.ts'
import { connectControl, connectSlave } from '../harness/peers.ts'

interface Line {
  readonly instance_id: number
  readonly command: string
}

type Ask = (line: Line) => Promise<unknown>

let ask: Ask = () => Promise.reject(new Error('This is no control'))
let text = ''

function connectSocket(url: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'] })
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)))
}

function node(name: string, ports: Readonly<Record<string, number>>): ServiceBroker {
  const urls = Object.entries(ports).map(([other, port]) => `127.0.0.1:${port}/${other}`)
  const transporter = { type: 'TCP', options: { udpDiscovery: false, port: ports[name], urls } }
  return new ServiceBroker({ nodeID: name, logger: false, transporter, requestTimeout: 20_000 })
}

answerCommands({
  setLength({ length }: { length: number }) {
    text = 'x'.repeat(length)
  },

  async linkControl({ url, token }: { url: string; token: string }) {
    const link = await connectControl(url, 'session', token)
    ask = (line) => link.send(sendRcon, line)
  },

  async linkSlave({ url, identity }: { url: string; identity: SlaveIdentity }) {
    await connectSlave(url, identity, () => text)
  },

  async socketServer() {
    const http = createServer()
    const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false })
    let slave: { emit(event: string, line: Line, answer: (data: unknown) => void): unknown } | undefined
    server.on('connection', (socket) => {
      socket.on('slave', (done: () => void) => {
        slave = socket
        done()
      })
      socket.on('send_rcon', (line: Line, answer: (data: unknown) => void) => slave?.emit('send_rcon', line, answer))
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` }
  },

  async socketControl({ url }: { url: string }) {
    const socket = await connectSocket(url)
    ask = (line) => new Promise((resolve) => socket.emit('send_rcon', line, resolve))
  },

  async socketSlave({ url }: { url: string }) {
    const socket = await connectSocket(url)
    socket.on('send_rcon', (_line: Line, answer: (data: unknown) => void) => answer({ result: text }))
    await socket.emitWithAck('slave')
  },

  async moleculerServer({ ports }: { ports: Record<string, number> }) {
    const broker = node('server', ports)
    broker.createService({ name: 'master', actions: { send_rcon: (context: Context<Line>) => context.call('slave.send_rcon', context.params) } })
    await broker.start()
    await broker.waitForServices('slave')
  },

  async moleculerControl({ ports }: { ports: Record<string, number> }) {
    const broker = node('control', ports)
    await broker.start()
    await broker.waitForServices(['master', 'slave'])
    ask = (line) => broker.call('master.send_rcon', line)
  },

  async moleculerSlave({ ports }: { ports: Record<string, number> }) {
    const broker = node('slave', ports)
    broker.createService({ name: 'slave', actions: { send_rcon: { params: { instance_id: 'number', command: 'string' }, handler: () => ({ result: text }) } } })
    await broker.start()
  },

  async requests({ inFlight, seconds }: { inFlight: number; seconds: number }) {
    const latencies: number[] = []
    const began = performance.now()
    const end = began + seconds * 1_000
    await Promise.all(Array.from({ length: inFlight }, async () => {
      for (let now = performance.now(); now < end;) {
        await ask({ instance_id: 1, command: text })
        const after = performance.now()
        latencies.push(after - now)
        now = after
      }
    }))
    return { count: latencies.length, seconds: (performance.now() - began) / 1_000, p50: percentile(latencies, 50), p99: percentile(latencies, 99) }
  },
})
