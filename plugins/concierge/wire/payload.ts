import { ClusterError, parseJson, rawMember } from '../../../lib/plugin.ts'

/** What a client says of itself. */
export interface Identify {
  readonly type: 'IDENTIFY'
  readonly name: string
  readonly nickname: string | null
  readonly version: string
  readonly secret: string | undefined
  readonly tags: readonly string[]
}

export type Target =
  | { readonly type: 'NAME'; readonly name: string }
  | { readonly type: 'UUID'; readonly uuid: string }
  | { readonly type: 'GROUP'; readonly group: string }
  | { readonly type: 'ALL' }

/** A request about a group. */
export interface NamedRequest {
  readonly type: 'SELF_SUBSCRIBE' | 'SELF_UNSUBSCRIBE' | 'GROUP_DELETE' | 'GROUP_FETCH'
  readonly name: string
}

/** What a client asks for once it has identified itself. */
export type RequestPayload =
  | { readonly type: 'MESSAGE'; readonly target: Target; readonly data: string }
  | { readonly type: 'GROUP_CREATE'; readonly name: string; readonly nickname: string | null }
  | NamedRequest
  | { readonly type: 'GROUP_FETCH_ALL' | 'CLIENT_FETCH_ALL' | 'SELF_FETCH' }

/** A payload that only the concierge sends, or that comes at the wrong time; its fields are nobody's concern. */
export interface Unsupported {
  readonly type: 'unsupported'
}

type Members = Readonly<Record<string, unknown>>
type NamedType = NamedRequest['type']
type BareType = 'GROUP_FETCH_ALL' | 'CLIENT_FETCH_ALL' | 'SELF_FETCH'

// Names of groups, and with nicknames and tags what goes with every message of a client: 1 MiB of it would be sent to all.
const maxNameLength = 256
const maxIdentityLength = 8_192

// What the original server's decoder accepts.
const maxDepth = 128

const serverTypes = new Set([
  'HELLO', 'STATUS', 'GROUP_FETCH_RESULT', 'GROUP_FETCH_ALL_RESULT', 'CLIENT_FETCH_ALL_RESULT', 'SELF_FETCH_RESULT',
])

// The document's prose calls some payloads by older names.
const aliases = new Map([
  ['CREATE_GROUP', 'GROUP_CREATE'], ['DELETE_GROUP', 'GROUP_DELETE'], ['SUBSCRIBE', 'SELF_SUBSCRIBE'], ['UNSUBSCRIBE', 'SELF_UNSUBSCRIBE'],
])

const named = new Set<string>(['SELF_SUBSCRIBE', 'SELF_UNSUBSCRIBE', 'GROUP_DELETE', 'GROUP_FETCH'] satisfies NamedType[])
const bare = new Set<string>(['GROUP_FETCH_ALL', 'CLIENT_FETCH_ALL', 'SELF_FETCH'] satisfies BareType[])

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text is a UUID of any version, in either case. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}

/** The first payload of a client: its IDENTIFY, or undefined for any other well-formed payload. Throws `malformed`. */
export function readFirst(text: string): Identify | undefined {
  const members = objectOf(text)
  if (members.type === 'IDENTIFY') return identifyOf(members)
  readPayload(text, members)
  return undefined
}

/** A payload of a client that has identified itself. Throws `malformed`, its message fit for the client. */
export function readRequest(text: string): RequestPayload | Unsupported {
  const members = objectOf(text)
  return members.type === 'IDENTIFY' ? { type: 'unsupported' } : readPayload(text, members)
}

function readPayload(text: string, members: Members): RequestPayload | Unsupported {
  const given = textMember(members, 'type')
  const type = aliases.get(given) ?? given
  if (serverTypes.has(type)) return { type: 'unsupported' }
  if (bare.has(type)) return { type: type as BareType }
  if (named.has(type)) return { type: type as NamedType, name: textMember(members, 'name') }
  if (type === 'GROUP_CREATE') return { type, name: groupName(members), nickname: nicknameOf(members) }
  if (type === 'MESSAGE') return { type, target: targetOf(members.target), data: dataOf(text) }
  throw malformed('There is no payload of this "type"')
}

function objectOf(text: string): Members {
  const value = parseJson(text, { maxDepth })
  if (!isObject(value)) throw malformed('A payload is a JSON object')
  return value
}

function identifyOf(members: Members): Identify {
  const { secret } = members
  if (secret !== undefined && secret !== null && typeof secret !== 'string') throw malformed('"secret" must be a text')
  const name = textMember(members, 'name')
  const nickname = nicknameOf(members)
  const tags = tagsOf(members.tags)
  if (JSON.stringify([name, nickname, tags]).length > maxIdentityLength) {
    throw malformed(`"name", "nickname" and "tags" may have ${maxIdentityLength} characters together`)
  }
  return { type: 'IDENTIFY', name, nickname, version: textMember(members, 'version'), secret: secret ?? undefined, tags }
}

function targetOf(value: unknown): Target {
  if (!isObject(value)) throw malformed('"target" must be an object')
  switch (value.type) {
    case 'NAME': return { type: 'NAME', name: textMember(value, 'name') }
    case 'GROUP': return { type: 'GROUP', group: textMember(value, 'group') }
    case 'ALL': return { type: 'ALL' }
    case 'UUID': {
      const uuid = textMember(value, 'uuid')
      if (!isUuid(uuid)) throw malformed('"uuid" of the target is not a UUID')
      return { type: 'UUID', uuid }
    }
    default: throw malformed('"type" of the target must be NAME, UUID, GROUP or ALL')
  }
}

function dataOf(text: string): string {
  const data = rawMember(text, 'data')
  if (data === undefined) throw malformed('"data" is missing')
  return data
}

function groupName(members: Members): string {
  const name = textMember(members, 'name')
  if (name === '' || name.length > maxNameLength) throw malformed(`"name" of a group has 1 to ${maxNameLength} characters`)
  return name
}

function nicknameOf({ nickname }: Members): string | null {
  if (nickname === undefined || nickname === null) return null
  if (typeof nickname !== 'string') throw malformed('"nickname" must be a text')
  if (nickname.length > maxNameLength) throw malformed(`"nickname" has at most ${maxNameLength} characters`)
  return nickname
}

function tagsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === 'string')) throw malformed('"tags" must be a list of texts')
  return value
}

function textMember(members: Members, name: string): string {
  const value = members[name]
  if (value === undefined) throw malformed(`"${name}" is missing`)
  if (typeof value !== 'string') throw malformed(`"${name}" must be a text`)
  return value
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string): ClusterError {
  return new ClusterError('malformed', message)
}
