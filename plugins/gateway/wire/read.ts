import { parseJson, rawMembers } from '../../../lib/plugin.ts'
import { Subtype, Type } from './types.ts'

/** What an answer repeats of its request. */
export interface Echo {
  /** null where it can't be read. */
  readonly subtype: number | null
  readonly server?: number
  /** As JSON, every character as it was sent. */
  readonly id?: string
}

/** A request of a client to a service. */
export interface ClientRequest extends Echo {
  readonly subtype: number
  readonly server: number
  /** Its id in the form in which spellings of one value are equal. */
  readonly idKey: string | undefined
  /** Characters of its frame. */
  readonly length: number
  /** All its members as JSON, by name. */
  readonly members: ReadonlyMap<string, string>
}

export type ClientMessage =
  | { readonly kind: 'request'; readonly request: ClientRequest }
  /** Ends the connection to one service, or to all. */
  | { readonly kind: 'disconnect'; readonly echo: Echo }
  | { readonly kind: 'bad'; readonly echo: Echo }

/** What a provider says. */
export interface ProviderMessage {
  readonly type: number
  readonly subtype: number
  readonly cn: number | undefined
  readonly cns: readonly unknown[] | undefined
  readonly isOk: boolean | undefined
  /** Its id in the form in which spellings of one value are equal. */
  readonly idKey: string | undefined
  readonly members: ReadonlyMap<string, string>
}

type Members = Readonly<Record<string, unknown>>

const forClients = new Set<number>([
  Subtype.connect, Subtype.verify, Subtype.interfaces, Subtype.streams, Subtype.subscribe, Subtype.unsubscribe, Subtype.data, Subtype.command, Subtype.disconnect,
])

/** Reads a client's frame; one that says nothing that can be done is `bad`, with what could be read of it. */
export function readClient(text: string): ClientMessage {
  const values = objectOf(text)
  if (!values) return { kind: 'bad', echo: { subtype: null } }
  const members = rawMembers(text)
  const { type, subtype, server } = values
  const id = members.get('id')
  const echo: Echo = {
    subtype: typeof subtype === 'number' ? subtype : null,
    ...(isId(server) ? { server } : {}),
    ...(id === undefined ? {} : { id }),
  }
  if (type === Type.disconnect && (server === undefined || isId(server))) return { kind: 'disconnect', echo: { ...echo, subtype: Subtype.disconnect } }
  if (type === Type.request && typeof subtype === 'number' && forClients.has(subtype) && isId(server)) {
    return { kind: 'request', request: { ...echo, subtype, server, members, idKey: keyOf(values.id), length: text.length } }
  }
  return { kind: 'bad', echo }
}

/** Reads a provider's frame; undefined for garbage. */
export function readProvider(text: string): ProviderMessage | undefined {
  const values = objectOf(text)
  if (!values) return undefined
  const { type, subtype, cn, cns, ok, id } = values
  if (typeof type !== 'number' || typeof subtype !== 'number') return undefined
  return {
    type, subtype,
    cn: isId(cn) ? cn : undefined,
    cns: Array.isArray(cns) ? cns : undefined,
    isOk: typeof ok === 'boolean' ? ok : undefined,
    idKey: keyOf(id),
    members: rawMembers(text),
  }
}

function objectOf(text: string): Members | undefined {
  try {
    const value = parseJson(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Members : undefined
  } catch {
    return undefined
  }
}

function keyOf(id: unknown): string | undefined {
  return id === undefined ? undefined : JSON.stringify(id)
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
