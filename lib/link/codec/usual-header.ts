import { splitWireType } from '../message.ts'
import type { WireName } from '../message.ts'
import type { SessionHeader } from './session-header.ts'

interface KnownName {
  /** The one copy of the name that is kept: a part of a frame would keep all of it. */
  readonly name: string
  readonly parts: WireName | undefined
}

const begin = '{"type":"'
const plainName = /^[\w:.-]+$/
const names = new Map<string, KnownName>()
/** Peers can make up names. */
const maxNames = 1_024
const maxNameLength = 128

const maxDigits = 15
const zero = 0x30
const nine = 0x39
const closeBrace = 0x7d

/** Where reading goes on. */
let at = 0

/**
 * The headers of nearly all frames, as `encodeMessage` writes them: a name and up to three numbers. What is read is
 * JSON with the same meaning, in a fifth of the time; undefined for any other header. The header ends at `end`.
 */
export function readUsualHeader(frame: string, end: number): SessionHeader | undefined {
  if (!frame.startsWith(begin)) return undefined
  const quote = frame.indexOf('"', begin.length)
  if (quote < 0 || quote >= end) return undefined
  const known = nameOf(frame.slice(begin.length, quote))
  if (!known) return undefined
  at = quote + 1
  const seq = readNumber(frame, ',"seq":')
  const to = readNumber(frame, ',"to":')
  const replyTo = readNumber(frame, ',"reply_to":')
  if (at !== end - 1 || frame.charCodeAt(at) !== closeBrace) return undefined
  const header: { -readonly [K in keyof SessionHeader]: SessionHeader[K] } = { type: known.name }
  if (seq !== undefined) header.seq = seq
  if (to !== undefined) header.to = to
  if (replyTo !== undefined) header.reply_to = replyTo
  return header
}

/** What `splitWireType` gives, looked up for the names that are seen all the time. */
export function partsOfName(name: string): WireName | undefined {
  const known = names.get(name)
  return known ? known.parts : splitWireType(name)
}

function nameOf(name: string): KnownName | undefined {
  const known = names.get(name)
  if (known) return known
  if (!plainName.test(name)) return undefined
  const added = { name: Buffer.from(name).toString(), parts: splitWireType(name) }
  if (names.size < maxNames && name.length <= maxNameLength) names.set(added.name, added)
  return added
}

/** A whole number from 1 behind a label, or undefined where there is none; what comes behind it is the caller's to look at. */
function readNumber(frame: string, label: string): number | undefined {
  if (!frame.startsWith(label, at)) return undefined
  const first = at + label.length
  let value = 0
  let next = first
  for (let digit = frame.charCodeAt(next); digit >= zero && digit <= nine; digit = frame.charCodeAt(next)) {
    value = value * 10 + digit - zero
    next += 1
  }
  const isPlain = next > first && next - first <= maxDigits && frame.charCodeAt(first) !== zero
  if (!isPlain) return undefined
  at = next
  return value
}
