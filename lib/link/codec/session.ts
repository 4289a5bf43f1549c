import { parseJson } from '../../json/parse-json.ts'
import type { ErrorOnWire } from '../../errors/cluster-error.ts'
import { LinkFault, malformed } from '../fault.ts'
import { wireType } from '../message.ts'
import type { Message } from '../message.ts'
import { Payload } from '../payload.ts'
import type { SessionHeader } from './session-header.ts'
import { partsOfName, readUsualHeader } from './usual-header.ts'

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
  const newline = frame.indexOf('\n')
  const end = newline < 0 ? frame.length : newline
  if (end > maxHeaderLength) throw new LinkFault(malformed)
  const header = readUsualHeader(frame, end) ?? readHeader(frame.slice(0, end))
  return { header, data: newline < 0 ? empty : Payload.ofText(frame.slice(newline + 1)) }
}

function readHeader(text: string): SessionHeader {
  let header: unknown
  try {
    header = parseJson(text)
  } catch {
    throw new LinkFault(malformed)
  }
  if (!isHeader(header)) throw new LinkFault(malformed)
  return header
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
  // What JSON.stringify would give, put together by hand: a fifth of the time.
  const begin = seq === undefined ? `{"type":${nameText(message)}` : `{"type":${nameText(message)},"seq":${seq}`
  if (message.kind !== 'response') {
    const to = message.to === undefined ? '' : `,"to":${message.to}`
    const key = message.kind === 'event' || message.key === undefined ? '' : `,"key":${JSON.stringify(message.key)}`
    return `${begin}${to}${key}}\n${message.data.text}`
  }
  if ('error' in message.outcome) {
    return `${begin},"reply_to":${message.replyTo},"error":${JSON.stringify(shortened(message.outcome.error))}}\n${empty.text}`
  }
  return `${begin},"reply_to":${message.replyTo}}\n${message.outcome.data.text}`
}

const nameTexts = { request: new Map<string, string>(), response: new Map<string, string>(), event: new Map<string, string>() } as const
/** Peers can make up names, which are answered under the same name. */
const maxNameTexts = 1_024

/** The name of a message on the wire, in JSON. */
function nameText(message: Message): string {
  const texts = nameTexts[message.kind]
  let text = texts.get(message.type)
  if (text === undefined) {
    text = JSON.stringify(wireType(message))
    if (texts.size < maxNameTexts && text.length <= maxKeyLength) texts.set(message.type, text)
  }
  return text
}

// A header that is too long would cost the whole session; a cut text costs some words.
function shortened({ code, message, details }: ErrorOnWire): ErrorOnWire {
  const text = message.length > maxErrorTextLength ? `${message.slice(0, maxErrorTextLength)} …` : message
  const hasDetails = details !== undefined && JSON.stringify(details).length <= maxErrorTextLength
  return { code, message: text, ...(hasDetails ? { details } : {}) }
}

/** The message in a frame, or undefined where its header is not that of a message. */
export function messageOf({ header, data }: SessionFrame): Message | undefined {
  const parts = partsOfName(header.type)
  if (!parts) return undefined
  const { kind, type } = parts
  if (kind === 'event') return { kind, type, to: header.to, data }
  if (kind === 'request') return header.seq === undefined ? undefined : { kind, type, to: header.to, key: header.key, data }
  if (header.reply_to === undefined) return undefined
  return { kind, type, replyTo: header.reply_to, outcome: header.error ? { error: header.error } : { data } }
}
