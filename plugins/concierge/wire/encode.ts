import type { Target } from './payload.ts'

/** The version of the protocol that the door speaks. */
export const protocolVersion = '0.1.0'

/** The members of an object, as JSON without the braces: what several payloads carry is encoded once. */
export function members(value: object): string {
  return JSON.stringify(value).slice(1, -1)
}

export function hello(uuid: string): string {
  return `{"type":"HELLO","uuid":"${uuid}","version":"${protocolVersion}"}`
}

/** A STATUS. `fields` are encoded members, `seq` is left out where nobody asked. */
export function status(code: string, fields = '', seq?: number): string {
  return `{"type":"STATUS","code":"${code}"${fields === '' ? '' : `,${fields}`}${seq === undefined ? '' : `,"seq":${seq}`}}`
}

/** An answer of type `type` with encoded members. */
export function result(type: string, fields: string, seq: number): string {
  return `{"type":"${type}",${fields},"seq":${seq}}`
}

/** What stands before and after an encoded value that is the only member of an answer. */
export function resultParts(type: string, member: string, seq: number): [start: Buffer, end: Buffer] {
  return [Buffer.from(`{"type":"${type}","${member}":`), Buffer.from(`,"seq":${seq}}`)]
}

/** A list of objects of which the members are encoded. */
export function objects(items: ReadonlyArray<{ readonly fields: string }>): string {
  return `[${items.map(({ fields }) => `{${fields}}`).join(',')}]`
}

/** A message on its way to its receivers. `sender` are encoded members, `group` and `data` encoded values. */
export function message(sender: string, group: string, target: Target, data: string): string {
  return `{"type":"MESSAGE","origin":{${sender},"group":${group}},"target":${JSON.stringify(target)},"data":${data}}`
}
