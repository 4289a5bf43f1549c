import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ClusterError } from '../errors/cluster-error.ts'
import { parseJson } from '../json/parse-json.ts'
import { positionAt, syntaxErrorOffset } from '../json/syntax-error-offset.ts'
import { shellWord } from '../text/shell-word.ts'

const maxBytes = 1024 * 1024

/** What stands in a config file, by field; nothing of it is checked yet. */
export interface ConfigFile {
  readonly entries: ReadonlyMap<string, unknown>
  /** What the operator should know: the file's permissions were too wide. */
  readonly warnings: readonly string[]
}

/**
 * Reads a config file; one that does not exist is empty. A warning tells of one that any user of the host can read or write:
 * a group may have been given it on purpose.
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
    return { entries, warnings: (mode & 0o006) === 0 ? [] : [openToAll(file, mode)] }
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

function openToAll(file: string, mode: number): string {
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  const may = [(mode & 0o004) !== 0 && 'read', (mode & 0o002) !== 0 && 'change'].filter((verb) => verb !== false).join(' and ')
  return `${file} may hold secrets, and every user of this host can ${may} it (${shown}); close it with \`chmod o-rwx ${shellWord(file)}\``
}
