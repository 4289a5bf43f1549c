import { readdirSync, readFileSync } from 'node:fs'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { readProcess } from '../../lib/process-identity.ts'

/** The variable that marks all processes of a run; its value is the run directory. */
export const runMarker = 'CORRAL_RUN'

/**
 * The live processes that belong to a run: those of the game's session, and those that left it but still carry the
 * run's marker. One that left the session and cleared its environment too is not found.
 */
export function findRunProcesses(game: ProcessIdentity, directory: string, except: number | undefined): number[] {
  const leader = readProcess(game.pid)
  // The number of an ended game may have become another session's; never while a member of the game's own lives.
  const isSessionOurs = leader === undefined || leader.startTicks === game.startTicks
  const found: number[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid || pid === except) continue
    const info = readProcess(pid)
    if (!info || info.isZombie || Number(info.startTicks) < Number(game.startTicks)) continue
    if ((isSessionOurs && info.session === game.pid) || carriesMarker(pid, directory)) found.push(pid)
  }
  return found
}

/** The live descendants of a process by parentage, nearest last. */
export function findChildren(root: number): number[] {
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const info = Number.isInteger(Number(name)) ? readProcess(Number(name)) : undefined
    if (info) parents.set(info.parent, [...(parents.get(info.parent) ?? []), info.pid])
  }
  const found: number[] = []
  const visit = (pid: number) => {
    for (const child of parents.get(pid) ?? []) {
      visit(child)
      found.push(child)
    }
  }
  visit(root)
  return found
}

/** Sends a signal; a process or group (a negative pid) that is not there any more is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')) return false
    throw error
  }
}

function carriesMarker(pid: number, directory: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(`\0${runMarker}=${directory}\0`)
  } catch {
    return false
  }
}
