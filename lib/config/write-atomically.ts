import { randomBytes } from 'node:crypto'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { makeDirectory } from '../make-directory.ts'

/**
 * Replaces a file's content: after a crash or a power cut it has the old content or the new one, nothing else. A new
 * file has mode 0600, one that is there keeps its mode, and owner and group as far as they may be given away. Creates
 * missing folders (0700) and follows a symbolic link. Throws `disk_full`, or `invalid_config` where the file cannot be
 * written; the old content is there then.
 */
export async function writeAtomically(file: string, text: string): Promise<void> {
  try {
    await replace(await target(file), text)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new ClusterError('disk_full', `Cannot write ${file}: the disk is full; free some space and try again`, { details: { file }, cause })
    }
    throw new ClusterError('invalid_config', `Cannot write ${file}: ${message}; correct the path or its permissions`, { details: { file }, cause })
  }
}

/** The file itself where the path is a link: renaming onto the link would replace it. */
async function target(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return resolve(file)
  }
}

async function replace(file: string, text: string): Promise<void> {
  const folder = dirname(file)
  makeDirectory(folder, 0o700)
  const temporary = join(folder, `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeDurably(temporary, text, await accessOf(file))
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** Who may do what with a file. */
interface FileAccess { readonly mode: number; readonly uid: number; readonly gid: number }

/** Undefined for a file that is not there. */
async function accessOf(file: string): Promise<FileAccess | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

async function writeDurably(file: string, text: string, access: FileAccess | undefined): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    if (access) await giveAccess(handle, access)
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function giveAccess(handle: FileHandle, { mode, uid, gid }: FileAccess): Promise<void> {
  const made = await handle.stat()
  if (made.uid !== uid) await mayFail(handle.chown(uid, -1))
  const hasGroup = made.gid === gid || await mayFail(handle.chown(-1, gid))
  // What one group may is nothing that another may.
  const kept = mode & (hasGroup ? 0o777 : 0o707)
  if ((made.mode & 0o777) !== kept) await mayFail(handle.chmod(kept))
}

/** Whether it was done: most users may not give files away, and some file systems know no owners. */
function mayFail(work: Promise<void>): Promise<boolean> {
  return work.then(() => true, () => false)
}

/** Makes what was created, renamed or deleted in a folder survive a power cut: syncing a file is not enough for that. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
