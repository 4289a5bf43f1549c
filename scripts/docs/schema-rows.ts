import type { TSchema } from '@sinclair/typebox'
import { ConsoleChunk } from '../../lib/link/messages/console.ts'
import { TokenInfo } from '../../lib/link/messages/cluster.ts'
import { Assignment, InstanceConfig, InstanceInfo, InstanceState } from '../../lib/link/messages/instances.ts'
import { LastExit } from '../../lib/link/messages/shapes.ts'
import { SlaveInfo } from '../../lib/link/messages/slaves.ts'
import { Template } from '../../lib/template/schema.ts'

/** Objects that several messages share: they are described once and linked to. */
export const sharedShapes: Readonly<Record<string, { readonly schema: TSchema; readonly meaning: string }>> = {
  InstanceInfo: { schema: InstanceInfo, meaning: 'An instance as operators see it.' },
  InstanceState: { schema: InstanceState, meaning: 'What a slave says of an instance that it has.' },
  InstanceConfig: { schema: InstanceConfig, meaning: 'An instance\'s configuration as the master keeps it.' },
  Assignment: { schema: Assignment, meaning: 'What a slave needs to run an instance, with or without its master.' },
  LastExit: { schema: LastExit, meaning: 'How the last run of an instance ended.' },
  ConsoleChunk: { schema: ConsoleChunk, meaning: 'A piece of a console. Its bytes are `text` where they are whole UTF-8 characters, else `base64`.' },
  SlaveInfo: { schema: SlaveInfo, meaning: 'A slave as operators see it.' },
  TokenInfo: { schema: TokenInfo, meaning: 'A token without its secret.' },
}

/** The parts of JSON Schema that the registry's schemas use. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

/** Rows of field, type and meaning of an object; the fields of objects within it are named by their path. */
export function schemaRows(schema: TSchema): string[][] {
  return fieldRows(schema, '')
}

function fieldRows({ properties = {}, required = [] }: Schema, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`
    const needed = required.includes(name) ? '' : 'optional. '
    const meaning = `${needed}${field.description ?? descriptionWithin(field)}`.trim()
    return [[`\`${path}\``, typeText(field), meaning], ...innerRows(field, path)]
  })
}

/** Rows of an object that stands in a field or a list, unless it has a section of its own. */
function innerRows(field: Schema, path: string): string[][] {
  if (field.items) return innerRows(field.items, `${path}[]`)
  const inner = field.anyOf?.find(({ type }) => type === 'object') ?? field
  return inner.properties && linkTo(inner) === undefined ? fieldRows(inner, `${path}.`) : []
}

function descriptionWithin({ anyOf, items }: Schema): string {
  return anyOf?.find(({ description }) => description)?.description ?? items?.description ?? ''
}

function typeText(schema: Schema): string {
  const link = linkTo(schema)
  if (link !== undefined) return link
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ')
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.items) return `list of ${typeText(schema.items)}${limits('at most', schema.maxItems)}`
  if (schema.patternProperties) return `object, names to ${Object.values(schema.patternProperties).map(typeText).join(' or ')}`
  if (schema.type === 'string') return `text${limits('at most', schema.maxLength, ' characters')}`
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type}${range(schema)}`
  return schema.type ?? 'anything'
}

function limits(words: string, limit: number | undefined, unit = ''): string {
  return limit === undefined ? '' : `, ${words} ${limit}${unit}`
}

function range({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`
  return limits('at least', minimum) + limits('at most', maximum)
}

function linkTo(schema: Schema): string | undefined {
  const { properties } = schema
  if (properties === undefined) return undefined
  if (properties === Template.properties) return '[template](templates.md)'
  const name = Object.keys(sharedShapes).find((shape) => (sharedShapes[shape]?.schema as Schema | undefined)?.properties === properties)
  return name === undefined ? undefined : `[${name}](#${name.toLowerCase()})`
}
