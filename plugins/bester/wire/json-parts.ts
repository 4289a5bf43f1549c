import { scanMembers } from '../../../lib/plugin.ts'

/** Names of the members that the protocol knows, in a message and one level further in; all others are passed over. */
const names: ReadonlySet<string> = new Set(['header', 'payload', 'data', 'type', 'id'])

/** Texts of known members by their names; of several with one name the last, as JSON.parse has it. */
export type Members = ReadonlyMap<string, string>

const noMembers: Members = new Map()

/** A member of a message: its text as it was sent, and its own members where it is an object. */
export interface Part {
  readonly text: string
  readonly members: Members
}

/**
 * What a JSON text has outside, as texts; undefined where that is no object. The time is that of one pass whatever is in
 * it, and it may be nested to any depth. Throws `malformed` for what is no JSON.
 */
export function readParts(text: string): ReadonlyMap<string, Part> | undefined {
  const parts = new Map<string, Part>()
  let inner: Map<string, string> | undefined
  const isObject = scanMembers(text, { levels: 2, names }, (name, json, level) => {
    if (level === 2) {
      inner ??= new Map()
      inner.set(name, json)
    } else {
      parts.set(name, { text: json, members: inner ?? noMembers })
      inner = undefined
    }
  })
  return isObject ? parts : undefined
}

/** The value of a member's text where that is a string; undefined where it is not, or there is none. */
export function stringIn(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? JSON.parse(text) as string : undefined
}
