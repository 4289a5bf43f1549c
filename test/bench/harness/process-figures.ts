import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks of /proc/PID/stat on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Seconds of CPU that a process with all its threads has used so far, in steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in brackets may hold anything, also blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Resident memory of a process. */
export function residentBytes(pid: number): number {
  return kilobytesOf(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') * 1_024
}

/** A process's fair share of the memory that it maps: what is shared counts in parts. */
export function proportionalBytes(pid: number): number {
  return kilobytesOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') * 1_024
}

function kilobytesOf(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN)
}

/** Processes whose command line contains a text. */
export function processesWith(text: string): { pid: number; commandLine: string[] }[] {
  const found: { pid: number; commandLine: string[] }[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const commandLine = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')
      if (commandLine.some((word) => word.includes(text))) found.push({ pid: Number(entry), commandLine })
    } catch {
      // It has ended since.
    }
  }
  return found
}
