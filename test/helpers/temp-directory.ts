import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanups } from './cleanups.ts'

/** A new empty directory, removed with all that is in it when the clean-ups run. */
export async function temporaryDirectory(cleanups: Cleanups): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'corral-test-'))
  // Processes that the test has just ended may still write their last file: then removal is tried again.
  cleanups.add(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  return directory
}
