import type { Clients } from './clients.ts'
import { encodeFrame } from './wire/frame.ts'
import { isObject, member, readSmall, readText } from './wire/messages.ts'

export interface InformerParts {
  readonly clients: Pick<Clients, 'names' | 'has' | 'size'>
  readonly adminInfo: object
  /** Addresses that clients connect to, such as `tcp4://127.0.0.1:2223`. */
  readonly listeners: () => readonly string[]
}

export interface InformerAnswer {
  readonly frame: Buffer
  /** Nothing more is wanted after it. */
  readonly isLast: boolean
}

const refusal: InformerAnswer = { frame: encodeFrame('{"status":"1"}'), isLast: false }

/** Answers a handler that asks who is connected. */
export function inform({ clients, adminInfo, listeners }: InformerParts, body: Buffer): InformerAnswer {
  const [type, argument] = commandOf(body)
  if (type === 'quit') return { frame: encodeFrame('{"status":"0"}'), isLast: true }
  if (type === 'listClients') return answer({ status: '0', data: clients.names })
  if (type === 'isClient' && typeof argument === 'string') return answer({ status: '0', data: clients.has(argument) })
  if (type !== 'serverInfo') return refusal
  const numbered: Record<string, object> = Object.fromEntries(listeners().map((address, index) => [`listener${index}`, { address }] as const))
  return answer({ data: { adminInfo, clientCount: String(clients.size), listeners: numbered }, status: '0' })
}

function answer(value: object): InformerAnswer {
  return { frame: encodeFrame(JSON.stringify(value)), isLast: false }
}

function commandOf(body: Buffer): [type: unknown, data: unknown] {
  try {
    const value = readSmall(readText(body))
    const command = isObject(value) ? member(value, 'command') : undefined
    return isObject(command) ? [member(command, 'type'), member(command, 'data')] : [undefined, undefined]
  } catch {
    return [undefined, undefined]
  }
}
