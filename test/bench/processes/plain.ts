// What a master would be without care: ws, JSON.parse of whatever arrives, JSON.stringify and one send for each message
// that leaves; no validation, no permissions, no acknowledgements. It does the work that the benchmarks ask of ours.
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import { answerCommands } from '../harness/answer-commands.ts'

interface Message {
  readonly seq: number
  readonly type: string
  readonly data: Record<string, unknown>
}

let slaves: object[] = []
let slave: WebSocket | undefined
let lastSeq = 0
const states = new Map<unknown, unknown>()
const followers = new Set<WebSocket>()
const relayed = new Map<number, { control: WebSocket; seq: number }>()

function send(ws: WebSocket, type: string, data: object): number {
  lastSeq += 1
  ws.send(JSON.stringify({ seq: lastSeq, type, data }))
  return lastSeq
}

function receive(ws: WebSocket, { seq, type, data }: Message): void {
  switch (type) {
    case 'register_slave':
      slave = ws
      break
    case 'list_slaves_request':
      send(ws, 'list_slaves_response', { seq, list: slaves })
      break
    case 'send_rcon_request':
      if (slave) relayed.set(send(slave, type, data), { control: ws, seq })
      break
    case 'send_rcon_response': {
      const to = relayed.get(data['seq'] as number)
      relayed.delete(data['seq'] as number)
      if (to) send(to.control, type, { ...data, seq: to.seq })
      break
    }
    case 'follow_request':
      followers.add(ws)
      send(ws, 'follow_response', { seq })
      break
    case 'instance_output_event':
      for (const follower of followers) send(follower, type, data)
      break
    case 'instance_state_changed_event':
      states.set(data['instance_id'], data['state'])
      break
    default:
      ws.terminate()
  }
}

answerCommands({
  start: () => new Promise<{ url: string }>((resolve) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    server.on('connection', (ws) => {
      ws.on('error', () => ws.terminate())
      ws.on('close', () => followers.delete(ws))
      ws.on('message', (text: RawData) => receive(ws, JSON.parse((text as Buffer).toString()) as Message))
    })
    server.on('listening', () => resolve({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }))
  }),
  /** What `list_slaves_request` answers. */
  setSlaves: ({ list }: { list: object[] }) => {
    slaves = list
    return {}
  },
})
