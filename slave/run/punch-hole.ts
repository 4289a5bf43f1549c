import { execFile } from 'node:child_process'
import { chmod } from 'node:fs/promises'

/**
 * Gives the blocks of the first `lengthBytes` of a file back to the file system; its size stays. Resolves to false if
 * the file system cannot do this; rejects if it failed for another reason, so that it may be tried again.
 */
export async function punchHole(path: string, lengthBytes: number): Promise<boolean> {
  // The output is read-only so that the game cannot truncate it, but only one who may write it may punch.
  await chmod(path, 0o600)
  try {
    await new Promise<void>((resolve, reject) => {
      execFile('fallocate', ['-p', '-o', '0', '-l', String(lengthBytes), path], { timeout: 30_000, env: { ...process.env, LC_ALL: 'C' } },
        (error, _stdout, stderr) => (error ? reject(new Error(stderr.trim() || error.message, { cause: error })) : resolve()))
    })
    return true
  } catch (error) {
    if (error instanceof Error && /not supported|ENOENT/.test(error.message)) return false
    throw error
  } finally {
    await chmod(path, 0o400)
  }
}
