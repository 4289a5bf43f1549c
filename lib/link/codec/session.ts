import { parseJson } from '../../json/parse-json.ts'
import type { ErrorOnWire } from '../../errors/cluster-error.ts'
import { LinkFault, malformed } from '../fault.ts'
import { splitWireType, wireType } from '../message.ts'
import type { Message } from '../message.ts'
import { Payload } from '../payload.ts'

/**
 * First half of a frame of the session dialect, `<header>\n<data>`. Two texts instead of one object: whoever passes a
 * message on reads and rewrites the header alone, and no duplicate key hidden in `data` can change what it saw.
 */
export interface SessionHeader {
  /** Name on the wire, or one of the session's own: hello, register_*, ready, resume, ack, heartbeat, close … */
  readonly type: string
  /** Place in the sender's sequence, from 1; the session's own frames and volatile events have none. */
  readonly seq?: number
  readonly to?: number
  readonly key?: string
  readonly reply_to?: number
  readonly error?: ErrorOnWire
  /** Highest `seq` that the sender of this frame has received. */
  readonly ack?: number
}

export interface SessionFrame {
  readonly header: SessionHeader
  readonly data: Payload
}

const empty = Payload.ofValue({})
/** Headers hold a name and some numbers; an error is the largest thing in one. */
const maxHeaderLength = 65_536
/** So that an error fits a header even where every character of its text is escaped. */
const maxErrorTextLength = 8_192
export const maxKeyLength = 128

/** Reads a frame. Throws LinkFault `Invalid message: Malformed`; `data` stays text until somebody asks for it. */
export function decodeFrame(frame: string): SessionFrame {
  const end = frame.indexOf('\n')
  const headerText = end < 0 ? frame : frame.slice(0, end)
  if (headerText.length > maxHeaderLength) throw new LinkFault(malformed)
  let header: unknown
  try {
    header = parseJson(headerText)
  } catch {
    throw new LinkFault(malformed)
  }
  if (!isHeader(header)) throw new LinkFault(malformed)
  return { header, data: end < 0 ? empty : Payload.ofText(frame.slice(end + 1)) }
}

function isHeader(value: unknown): value is SessionHeader {
  if (typeof value !== 'object' || value === null) return false
  const { type, seq, to, key, reply_to: replyTo, error, ack } = value as Record<string, unknown>
  return typeof type === 'string'
    && [seq, to, replyTo, ack].every((number) => number === undefined || Number.isSafeInteger(number))
    && (key === undefined || (typeof key === 'string' && key.length <= maxKeyLength))
    && (error === undefined || isErrorOnWire(error))
}

function isErrorOnWire(value: unknown): value is ErrorOnWire {
  if (typeof value !== 'object' || value === null) return false
  const { code, message, details } = value as Record<string, unknown>
  return typeof code === 'string' && typeof message === 'string'
    && (details === undefined || (typeof details === 'object' && details !== null && !Array.isArray(details)))
}

export function encodeFrame(header: SessionHeader, data: Payload = empty): string {
  return `${JSON.stringify(header)}\n${data.text}`
}

/** The frame of a message; without `seq` that of a volatile event. */
export function encodeMessage(message: Message, seq?: number): string {
  const type = wireType(message)
  const place = seq === undefined ? {} : { seq }
  if (message.kind !== 'response') return encodeFrame({ type, ...place, ...routing(message) }, message.data)
  const header = { type, ...place, reply_to: message.replyTo }
  if ('error' in message.outcome) return encodeFrame({ ...header, error: shortened(message.outcome.error) })
  return encodeFrame(header, message.outcome.data)
}

// A header that is too long would cost the whole session; a cut text costs some words.
function shortened({ code, message, details }: ErrorOnWire): ErrorOnWire {
  const text = message.length > maxErrorTextLength ? `${message.slice(0, maxErrorTextLength)} …` : message
  const hasDetails = details !== undefined && JSON.stringify(details).length <= maxErrorTextLength
  return { code, message: text, ...(hasDetails ? { details } : {}) }
}

function routing({ to, key }: { to?: number | undefined; key?: string | undefined }): { to?: number; key?: string } {
  return { ...(to === undefined ? {} : { to }), ...(key === undefined ? {} : { key }) }
}

/** The message in a frame, or undefined where its header is not that of a message. */
export function messageOf({ header, data }: SessionFrame): Message | undefined {
  const parts = splitWireType(header.type)
  if (!parts) return undefined
  const { kind, type } = parts
  if (kind === 'event') return { kind, type, to: header.to, data }
  if (kind === 'request') return header.seq === undefined ? undefined : { kind, type, to: header.to, key: header.key, data }
  if (header.reply_to === undefined) return undefined
  return { kind, type, replyTo: header.reply_to, outcome: header.error ? { error: header.error } : { data } }
}
