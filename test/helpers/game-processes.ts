import { readdirSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.ts'

/** Processes of games whose runs are below a directory, known by the marker that each run puts in its environment. */
export function gameProcessesUnder(directory: string): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid && carries(pid, `CORRAL_RUN=${directory}/`))
}

/** Kills those processes and resolves when they are gone: games outlive the slave that started them. */
export async function killGamesUnder(directory: string): Promise<void> {
  await eventually(() => {
    const left = gameProcessesUnder(directory)
    for (const pid of left) kill(pid)
    if (left.length > 0) throw new Error(`processes ${left.join(', ')} are still there`)
  }, { what: `The end of all games under ${directory}` })
}

function carries(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').some((entry) => entry.startsWith(marker))
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
