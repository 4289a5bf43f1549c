import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

/**
 * Makes sure that a game's folder and program are there before anything is started: afterwards a missing program
 * cannot be told from a game that exits with 127. Throws `start_failed` and `program_missing`.
 */
export async function checkProgram(program: string, cwd: string, path: string | undefined): Promise<void> {
  const folder = await stat(cwd).catch(() => undefined)
  if (!folder?.isDirectory()) {
    throw new ClusterError('start_failed', `Tried to start ${program} in ${cwd}, which is no folder. Create it or correct the template`)
  }
  const candidates = program.includes('/') ? [resolve(cwd, program)] : searchPath(path).map((entry) => resolve(cwd, entry, program))
  let found: string | undefined
  for (const candidate of candidates) {
    if (!(await stat(candidate).catch(() => undefined))?.isFile()) continue
    found ??= candidate
    if (await access(candidate, constants.X_OK).then(() => true, () => false)) return
  }
  if (found) throw new ClusterError('start_failed', `Tried to start ${found}, which is not executable. Make it so with chmod +x`)
  throw new ClusterError('program_missing', `Tried to start ${program}, which is not there. Install it on this host or correct the template`,
    { details: { program } })
}

/** Throws `program_missing` if the slave itself lacks one of the tools that it needs for a run. */
export async function checkTool(tool: string, debianPackage: string): Promise<void> {
  for (const entry of searchPath(process.env['PATH'])) {
    if (await access(resolve(entry, tool), constants.X_OK).then(() => true, () => false)) return
  }
  throw new ClusterError('program_missing', `Starting the game needs ${tool}, which is not there. Install it (package ${debianPackage})`,
    { details: { program: tool } })
}

function searchPath(path: string | undefined): string[] {
  return (path ?? '').split(delimiter).filter((entry) => entry !== '')
}
