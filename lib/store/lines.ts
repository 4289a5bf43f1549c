import { ClusterError } from '../errors/cluster-error.ts'
import { checkCollectionName, checkId } from './keys.ts'
import { storedValue } from './json-value.ts'
import type { StoredValue } from './json-value.ts'
import type { Document } from './store.ts'

/** One line of an export, read and checked. */
export interface ImportedDocument extends StoredValue {
  readonly collection: string
  readonly id: string
  readonly revision: number
}

/** A document as a line of an export. */
export function toLine(collection: string, { id, revision, value }: Document<unknown>): string {
  return JSON.stringify({ collection, id, revision, value })
}

/** Reads exported lines. Throws `malformed` with `details.line`, counted from 1, at the first that cannot be one. */
export async function readLines(lines: Iterable<string> | AsyncIterable<string>): Promise<ImportedDocument[]> {
  const documents = new Map<string, ImportedDocument>()
  let number = 0
  for await (const line of lines) {
    number++
    if (line.trim() === '') continue
    try {
      const document = readLine(line)
      const key = `${document.collection}\0${document.id}`
      if (documents.has(key)) throw new Error('an earlier line has the same collection and id')
      documents.set(key, document)
    } catch (cause) {
      throw new ClusterError('malformed', `Cannot import line ${number}: ${(cause as Error).message}; nothing was imported`, {
        details: { line: number },
        cause,
      })
    }
  }
  return [...documents.values()]
}

function readLine(line: string): ImportedDocument {
  const parsed = parse(line)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it is not a JSON object')
  const { collection, id, revision, value, ...others } = parsed as Record<string, unknown>
  checkCollectionName(collection)
  checkId(id)
  if (!isRevision(revision)) throw new Error('"revision" is not a positive integer')
  if (value === undefined) throw new Error('"value" is missing')
  const [unknownKey] = Object.keys(others)
  if (unknownKey !== undefined) throw new Error(`the key ${JSON.stringify(unknownKey)} is unknown`)
  return { collection, id, revision, ...storedValue(value) }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Its message quotes the text, which may have secrets in it.
    throw new Error('it is not valid JSON')
  }
}

function isRevision(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
