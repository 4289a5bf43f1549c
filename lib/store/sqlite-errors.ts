import { ClusterError } from '../errors/cluster-error.ts'

/** SQLite's result codes; an extended code has its primary one in the low byte. */
const primary = { busy: 5, full: 13, corrupt: 11, notADatabase: 26 }
const extended = { fsyncFailed: 1034, directoryFsyncFailed: 1290 }

/** Why the database could not be opened: `database_in_use`, `disk_full` or `store_failed`. */
export function openError(file: string, thrown: unknown): ClusterError {
  if (thrown instanceof ClusterError) return thrown
  const code = primaryCode(thrown)
  if (code === primary.busy) {
    return new ClusterError('database_in_use', `Cannot open the database ${file}: another process has it open; ` +
      'stop that one first, or use a database of its own for each master', { details: { file }, cause: thrown })
  }
  if (code === primary.full || isErrno(thrown, 'ENOSPC')) return diskFull(`Cannot open the database ${file}`, file, thrown)
  if (code === primary.corrupt || code === primary.notADatabase) return damaged(file, textOf(thrown), thrown)
  return new ClusterError('store_failed', `Cannot open the database ${file}: ${textOf(thrown)}; see that the folder exists and ` +
    'that this user may write in it', { details: { file }, cause: thrown })
}

/** Why a commit failed, `disk_full` or `store_failed`, and whether the file may be written no more. */
export function writeError(file: string, thrown: unknown): { error: ClusterError; isFinal: boolean } {
  const code = primaryCode(thrown)
  if (code === primary.full) return { error: diskFull('Cannot write', file, thrown), isFinal: false }
  if (code === primary.corrupt || code === primary.notADatabase) return { error: damaged(file, textOf(thrown), thrown), isFinal: true }
  const details = { file, sqlite: rawCode(thrown) }
  if (isFsyncFailure(thrown)) {
    // The kernel forgets what it could not write: only a fresh look at the file tells what is in it.
    const error = new ClusterError('store_failed', `Cannot write to the database ${file}: the disk did not confirm a write ` +
      `(${textOf(thrown)}), so whether it was kept is not known; check the disk, then start the program again`, { details, cause: thrown })
    return { error, isFinal: true }
  }
  const error = new ClusterError('store_failed', `Cannot write to the database ${file}: ${textOf(thrown)}; nothing was changed; ` +
    'see that the disk is mounted writable and that no quota is used up', { details, cause: thrown })
  return { error, isFinal: false }
}

/** The error of a file that is not, or no longer, a good database of Corral. */
export function damaged(file: string, reason: string, cause?: unknown): ClusterError {
  return new ClusterError('store_failed', `Cannot use the database ${file}: ${reason}; move it and its -wal file away, then ` +
    'put a backup in their place, or start with a new database and import an export', { details: { file }, cause })
}

function diskFull(what: string, file: string, cause: unknown): ClusterError {
  return new ClusterError('disk_full', `${what}: the disk with the database ${file} is full; nothing was changed; ` +
    'free some space and try again', { details: { file }, cause })
}

function isFsyncFailure(thrown: unknown): boolean {
  const code = rawCode(thrown)
  return code === extended.fsyncFailed || code === extended.directoryFsyncFailed
}

function primaryCode(thrown: unknown): number | undefined {
  const code = rawCode(thrown)
  return code === undefined ? undefined : code & 0xff
}

function rawCode(thrown: unknown): number | undefined {
  const code = (thrown as { rawCode?: unknown } | undefined)?.rawCode
  return typeof code === 'number' ? code : undefined
}

function isErrno(thrown: unknown, code: string): boolean {
  return (thrown as { code?: unknown } | undefined)?.code === code
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
