import { createHash } from 'node:crypto'
import { membersOf } from './members.ts'
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

/** An id above this is compared as it is spelled. */
const maxComparedLength = 4_096
/** The key of an id above this is a digest: it may be kept after its request. */
const maxKeyLength = 128

const forClients = new Set<number>([
  Subtype.connect, Subtype.verify, Subtype.interfaces, Subtype.streams, Subtype.subscribe, Subtype.unsubscribe, Subtype.data, Subtype.command, Subtype.disconnect,
])

/** Reads a client's frame; one that says nothing that can be done is `bad`, with what could be read of it. */
export function readClient(text: string): ClientMessage {
  const members = membersOf(text)
  if (!members) return { kind: 'bad', echo: { subtype: null } }
  const [type, subtype, server] = [scalarOf(members.get('type')), scalarOf(members.get('subtype')), scalarOf(members.get('server'))]
  const id = members.get('id')
  const echo: Echo = {
    subtype: isFiniteNumber(subtype) ? subtype : null,
    ...(isId(server) ? { server } : {}),
    ...(id === undefined ? {} : { id }),
  }
  if (type === Type.disconnect && (server === undefined || server === null || isId(server))) return { kind: 'disconnect', echo: { ...echo, subtype: Subtype.disconnect } }
  if (type === Type.request && isFiniteNumber(subtype) && forClients.has(subtype) && isId(server)) {
    return { kind: 'request', request: { ...echo, subtype, server, members, idKey: keyOf(id), length: text.length } }
  }
  return { kind: 'bad', echo }
}

/** Reads a provider's frame; undefined for garbage. */
export function readProvider(text: string): ProviderMessage | undefined {
  const members = membersOf(text)
  if (!members) return undefined
  const [type, subtype, cn, isOk] = [scalarOf(members.get('type')), scalarOf(members.get('subtype')), scalarOf(members.get('cn')), scalarOf(members.get('ok'))]
  if (!isId(type) || !isId(subtype)) return undefined
  const cns: unknown = JSON.parse(members.get('cns') ?? 'null')
  return {
    type, subtype, members,
    cn: isId(cn) ? cn : undefined,
    cns: Array.isArray(cns) ? cns : undefined,
    isOk: typeof isOk === 'boolean' ? isOk : undefined,
    idKey: keyOf(members.get('id')),
  }
}

/** The value of a member; of a list or an object nothing is made, it stays the text that it is. */
function scalarOf(json: string | undefined): unknown {
  return json === undefined || json.startsWith('{') || json.startsWith('[') ? json : JSON.parse(json)
}

/** An object's members have no order: spelled in another one, it is the same id. */
function keyOf(json: string | undefined): string | undefined {
  if (json === undefined) return undefined
  const key = json.length > maxComparedLength ? json : orderedJson(json)
  return key.length > maxKeyLength ? createHash('sha256').update(key).digest('base64') : key
}

function orderedJson(json: string): string {
  return JSON.stringify(JSON.parse(json), (_name, value: unknown) => (isObject(value) ? { members: Object.entries(value).toSorted(byName) } : value))
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
