import { randomBytes } from 'node:crypto'
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'

/**
 * Replaces a file's content, mode 0600: after a crash or a power cut it has the old content or the new one, nothing
 * else. Creates missing folders (0700) and follows a symbolic link. Throws `disk_full`, or `invalid_config` where the
 * file cannot be written; the old content is there then.
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
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = join(folder, `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeDurably(temporary, text)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
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
