import { isMap, isScalar, parseDocument, YAMLMap } from 'yaml'
import type { Document } from 'yaml'
import type { FileValue, FileValues } from '../schema-files.ts'

/** A YAML mapping with `set` merged into it: mappings are merged, all else is replaced. Comments and the rest stay. */
export function editYaml(text: string, set: FileValues): string {
  const document = parseDocument(text, { schema: 'core', prettyErrors: true })
  const [fault] = document.errors
  if (fault !== undefined) throw new Error(fault.message)
  if (document.contents === null) document.contents = new YAMLMap() as YAMLMap.Parsed
  else if (!isMap(document.contents)) throw new Error('it holds no mapping')
  merge(document, [], set)
  return document.toString({ lineWidth: 0 })
}

function merge(document: Document, path: readonly string[], values: FileValues): void {
  for (const [key, value] of Object.entries<FileValue>(values)) {
    const here = [...path, key]
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value)
    const before = document.getIn(here, true)
    if (isNested && isMap(before)) merge(document, here, value as FileValues)
    // A value set in its node keeps the comment beside it.
    else if (isScalar(before) && typeof value !== 'object') before.value = value
    else document.setIn(here, document.createNode(value))
  }
}
