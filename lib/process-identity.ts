import { readFileSync } from 'node:fs'

/** A process that no later process can be taken for: pids are used again, a start time and a boot are not. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks from the boot of the host to the start of the process, as in /proc/PID/stat. */
  startTicks: string
  bootId: string
}

/** What /proc says of a process. */
export interface ProcessInfo {
  pid: number
  parent: number
  session: number
  startTicks: string
  isZombie: boolean
}

let knownBootId: string | undefined

/** The id of the host's present boot. */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return knownBootId
}

/** What /proc says of `pid` now; undefined if there is no such process. */
export function readProcess(pid: number): ProcessInfo | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The name before the fields may itself hold spaces and parentheses.
  const [state, parent, , session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTicks = rest[15]
  if (state === undefined || startTicks === undefined) return undefined
  return { pid, parent: Number(parent), session: Number(session), startTicks, isZombie: 'ZXx'.includes(state) }
}

/** Whether this very process still runs. A zombie does not: in some containers nobody reaps them. */
export function isAlive({ pid, startTicks, bootId: boot }: ProcessIdentity): boolean {
  if (boot !== bootId()) return false
  const found = readProcess(pid)
  return found !== undefined && found.startTicks === startTicks && !found.isZombie
}

/** This process; undefined where the host has no /proc. */
export function ownIdentity(): ProcessIdentity | undefined {
  const startTicks = readProcess(process.pid)?.startTicks
  return startTicks === undefined ? undefined : { pid: process.pid, startTicks, bootId: bootId() }
}
