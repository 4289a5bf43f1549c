import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'

export const fileKinds = ['whole', 'properties', 'ini', 'json', 'yaml', 'directory'] as const
export type FileKind = (typeof fileKinds)[number]

/** A value to put into a config file; objects are merged into what is there, all else replaces it. */
export type FileValue = string | number | boolean | null | readonly FileValue[] | FileValues
export interface FileValues { readonly [key: string]: FileValue }

/** A config file to write before a start: `content` with kind `whole`, `set` with the kinds that edit, neither with `directory`. */
export const FileSchema = Type.Object({
  path: Type.String({ minLength: 1, maxLength: 1024 }),
  kind: Type.Unsafe<FileKind>({ enum: [...fileKinds] }),
  once: Type.Optional(Type.Boolean()),
  content: Type.Optional(Type.String({ maxLength: 262_144 })),
  set: Type.Optional(Type.Unsafe<FileValues>({ type: 'object' })),
}, { additionalProperties: false })

export type TemplateFile = Static<typeof FileSchema>
