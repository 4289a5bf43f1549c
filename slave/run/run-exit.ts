import { readFileSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { bootId, isAlive } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { readState } from './records.ts'
import type { RunState } from './records.ts'
import { runFiles } from './run-files.ts'

/** How a run ended. */
export interface RunExit {
  /** When, as ISO 8601; of a run that ended unseen, the last sign of life. */
  at: string
  code: number | null
  signal: string | null
  /** False where a shell's status leaves doubt (SIGINT or exit 130?), or where nobody recorded it. */
  isCertain: boolean
  /** A signal left a core dump. */
  hasCoreDump?: boolean
  /** The kernel killed for want of memory during this run, and this run died of SIGKILL that no slave sent. */
  isOutOfMemory?: boolean
  reason: 'exited' | 'signalled' | 'host_restarted' | 'unknown'
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** How a run has ended; undefined while its launcher or its game is there. */
export function findExit(directory: string, game: ProcessIdentity): RunExit | undefined {
  const state = readState(directory)
  const recorded = recordedExit(directory, state)
  if (recorded || (state.launcher && isAlive(state.launcher)) || isAlive(game)) return recorded
  // The launcher may have written its record after the first look and before it ended.
  return recordedExit(directory, readState(directory)) ?? unrecordedExit(directory, game.bootId, new Date())
}

/** The exit that the launcher recorded; undefined if it has recorded none. */
export function recordedExit(directory: string, { exit, hasTerminal, wasKilled }: RunState): RunExit | undefined {
  if (!exit) return undefined
  const files = runFiles(directory)
  // The record is the last thing written to the file.
  const at = modifiedAt(files.state)
  const told = hasTerminal ? '' : signalText(files.launcherErrors)
  const signal = exit.status > 128 ? signalNames.get(exit.status - 128) ?? null : null
  // The shell names the signal, except these two; a program may also exit with such a status by itself.
  const isSilent = hasTerminal || signal === 'SIGINT' || signal === 'SIGPIPE'
  if (signal === null || (told === '' && !isSilent)) {
    return { at, code: exit.status, signal: null, isCertain: true, reason: 'exited' }
  }
  return {
    at,
    code: null,
    signal,
    isCertain: told !== '',
    ...(told.includes('core dumped') && { hasCoreDump: true }),
    ...(exit.isOutOfMemory && !wasKilled && { isOutOfMemory: true }),
    reason: 'signalled',
  }
}

/** The exit of a game that is gone without a record: the host restarted, or its launcher was killed as well. */
function unrecordedExit(directory: string, boot: string, now: Date): RunExit {
  const { state, output } = runFiles(directory)
  const isOtherBoot = boot !== bootId()
  const lastSign = [modifiedAt(state), modifiedAt(output)].toSorted().at(-1)
  return {
    at: isOtherBoot && lastSign ? lastSign : now.toISOString(),
    code: null,
    signal: null,
    isCertain: false,
    reason: isOtherBoot ? 'host_restarted' : 'unknown',
  }
}

function modifiedAt(path: string): string {
  return (statSync(path, { throwIfNoEntry: false })?.mtime ?? new Date()).toISOString()
}

/** "Killed", "Segmentation fault (core dumped)"; the shell's errors, unlike these, have colons. */
function signalText(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').filter((line) => !line.includes(':')).join('')
  } catch {
    return ''
  }
}

/** The exit as the cluster knows it. */
export function lastExitOf({ at, code, signal, reason }: RunExit): { at: string; code: number | null; signal: string | null; reason: string } {
  return { at, code, signal, reason }
}

/** The exit in words, such as `exit status 3` or `signal SIGSEGV (core dumped)`. */
export function describeExit({ code, signal, reason, hasCoreDump, isOutOfMemory }: RunExit): string {
  if (reason === 'host_restarted') return 'the host restarted'
  if (isOutOfMemory) return 'killed by the kernel: out of memory'
  if (signal !== null) return `signal ${signal}${hasCoreDump ? ' (core dumped)' : ''}`
  return code === null ? 'exit status unknown' : `exit status ${code}`
}
