import { chmod, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ClusterError } from '../errors/cluster-error.ts'
import { parseJson } from '../json/parse-json.ts'
import { positionAt, syntaxErrorOffset } from '../json/syntax-error-offset.ts'

const maxBytes = 1024 * 1024

/** What stands in a config file, by field; nothing of it is checked yet. */
export interface ConfigFile {
  readonly entries: ReadonlyMap<string, unknown>
  /** What the operator should know: the file's permissions were too wide. */
  readonly warnings: readonly string[]
}

/**
 * Reads a config file; one that does not exist is empty. A file that others can read is closed to them, with a warning.
 * Throws `invalid_config` with file, line and column.
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { entries: new Map(), warnings: [] }
    throw unreadable(file, error)
  }
  try {
    const { mode, size } = await handle.stat()
    if (size > maxBytes) {
      throw new ClusterError('invalid_config', `Cannot read ${file}: it has ${size} bytes, more than the ${maxBytes} that a config file may have`)
    }
    const entries = parseEntries(file, await readText(file, handle))
    return { entries, warnings: (mode & 0o077) === 0 ? [] : [await closeToOthers(file, mode)] }
  } finally {
    await handle.close()
  }
}

async function readText(file: string, handle: FileHandle): Promise<string> {
  try {
    return await handle.readFile('utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, cause: unknown): ClusterError {
  return new ClusterError('invalid_config', `Cannot read ${file}: ${(cause as Error).message}; correct the path or its permissions`, { details: { file }, cause })
}

function parseEntries(file: string, text: string): ReadonlyMap<string, unknown> {
  // Editors of some systems put a byte order mark in front.
  const json = text.startsWith('\ufeff') ? text.slice(1) : text
  let value: unknown
  try {
    value = parseJson(json)
  } catch (cause) {
    throw malformed(file, json, cause as Error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ClusterError('invalid_config', `Cannot use ${file}: it must hold one JSON object, { "field": value, … }`, { details: { file } })
  }
  return new Map(Object.entries(value))
}

function malformed(file: string, json: string, cause: Error): ClusterError {
  const offset = syntaxErrorOffset(json)
  // Valid, but nested too deep.
  if (offset === undefined) return new ClusterError('invalid_config', `Cannot use ${file}: ${cause.message}`, { details: { file }, cause })
  const { line, column } = positionAt(json, offset)
  const what = offset >= json.length ? 'ends before its JSON does' : 'is not JSON'
  return new ClusterError('invalid_config', `Cannot read ${file}: it ${what} at line ${line}, column ${column}; correct it with an editor`, {
    details: { file, line, column },
    cause,
  })
}

async function closeToOthers(file: string, mode: number): Promise<string> {
  const was = (mode & 0o777).toString(8).padStart(4, '0')
  try {
    await chmod(file, 0o600)
    return `${file} was open to other users (${was}); its permissions are 0600 now`
  } catch {
    // Somebody else's file, or a file system without permissions.
    return `${file} is open to other users (${was}) and its permissions cannot be changed; it may hold secrets`
  }
}
