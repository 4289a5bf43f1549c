import { mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ClusterError } from './errors/cluster-error.ts'

/**
 * Makes a directory and those above it that are missing, all with `mode`. Returns the first that it made, undefined where
 * all were there. Throws the system's error, which names the path.
 */
export function makeDirectory(path: string, mode: number): string | undefined {
  // Each level by itself: Node's recursive mkdir tries for ever where the system denies that the parent is there, as below /proc.
  const missing: string[] = []
  for (let level = resolve(path); !isDirectory(level); level = dirname(level)) missing.unshift(level)
  for (const level of missing) {
    try {
      mkdirSync(level, { mode })
    } catch (error) {
      // Another program may have made it meanwhile.
      if (!isDirectory(level)) throw error
    }
  }
  return missing[0]
}

/** Makes a program's data directory where it is missing. Throws `disk_full`, `invalid_config`. */
export function makeDataDirectory(path: string, mode: number): void {
  try {
    makeDirectory(path, mode)
  } catch (cause) {
    throw unusable(`Cannot make the directory ${path}`, cause)
  }
}

/** Makes sure that files can be written in a directory, by trying. Throws `disk_full`, `invalid_config`. */
export function expectWritable(path: string): void {
  try {
    rmdirSync(mkdtempSync(join(path, '.corral-')))
  } catch (cause) {
    throw unusable(`Cannot write in the directory ${path}`, cause)
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function unusable(what: string, cause: unknown): ClusterError {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ClusterError('disk_full', `${what}: the disk is full; free some space and try again`, { cause })
  return new ClusterError('invalid_config', `${what} (${message}); correct the path or its permissions`, { cause })
}
