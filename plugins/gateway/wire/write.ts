import type { Echo } from './read.ts'
import type { Failure } from './types.ts'
import { Subtype, Type } from './types.ts'

export interface ServiceInfo {
  readonly id: number
  readonly name: string
  readonly kind: 'slave' | 'instance' | 'external'
  readonly online: boolean
}

type RawMembers = ReadonlyMap<string, string>

// What the gateway itself writes, in either direction: nobody's word for these is passed on.
const own = new Set(['type', 'subtype', 'server', 'id', 'cn', 'cns', 'client'])

export function servicesText(services: readonly ServiceInfo[]): string {
  return JSON.stringify({ type: Type.services, data: services })
}

/** A response of the gateway's own; `data` is JSON. */
export function successText(echo: Echo, data = '[]'): string {
  return `{"type":2,${echoed(echo)},"ok":true,"data":${data}}`
}

/** A refusal. `detail` is for people, where the word says too little. */
export function failureText(echo: Echo, error: Failure, detail?: string): string {
  return `{"type":2,${echoed(echo)},"ok":false,"error":"${error}"${detail === undefined ? '' : `,"data":${JSON.stringify([detail])}`}}`
}

/** A provider's response as the client gets it, with the request's own id, and with what each response has. */
export function responseText(echo: Echo, isOk: boolean, members: RawMembers): string {
  const [name, value] = isOk ? ['data', '[]'] : ['error', '"forbidden"']
  return `{"type":2,${echoed(echo)}${rest(members)}${members.has(name) ? '' : `,"${name}":${value}`}}`
}

/** A provider's challenge as the client gets it. */
export function challengeText(server: number, members: RawMembers): string {
  return `{"type":1,"subtype":8,"server":${server}${rest(members)}}`
}

/** A challenge of the gateway's own. */
export function nonceText(server: number, nonce: string): string {
  return `{"type":1,"subtype":8,"server":${server},"data":["${nonce}"]}`
}

/** A provider's stream data as the clients get it. */
export function streamText(server: number, stream: number, members: RawMembers): string {
  return `{"type":3,"subtype":${stream},"server":${server}${rest(members)}}`
}

/** Stream data of the gateway's own. */
export function ownStreamText(server: number, stream: number, data: readonly unknown[]): string {
  return `{"type":3,"subtype":${stream},"server":${server},"data":${JSON.stringify(data)}}`
}

/** A client's request as the provider gets it; `identifier` is JSON. */
export function forwardedText(cn: number, { subtype, id, members }: { subtype: number; id?: string; members: RawMembers }, identifier: string | undefined): string {
  return `{"type":1,"cn":${cn},"subtype":${subtype}${id === undefined ? '' : `,"id":${id}`}${rest(members)}${identifier === undefined ? '' : `,"client":${identifier}`}}`
}

/** Tells a provider that a client is gone. */
export function noticeText(cn: number): string {
  return `{"type":1,"cn":${cn},"subtype":${Subtype.disconnect}}`
}

/** The gateway's own answer to a provider's challenge. */
export function proofText(answer: string): string {
  return `{"type":1,"subtype":${Subtype.verify},"answer":"${answer}"}`
}

function echoed({ subtype, server, id }: Echo): string {
  return `"subtype":${subtype}${server === undefined ? '' : `,"server":${server}`}${id === undefined ? '' : `,"id":${id}`}`
}

function rest(members: RawMembers): string {
  let text = ''
  for (const [name, value] of members) if (!own.has(name)) text += `,${JSON.stringify(name)}:${value}`
  return text
}
