import { ClusterError } from '../errors/cluster-error.ts'
import { errorCodes } from '../errors/codes.ts'

/** Runs a program's work; an error becomes one message on stderr and the exit code of the error table. */
export async function runProgram(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const known = ClusterError.from(error)
    const isOurs = error instanceof ClusterError
    process.stderr.write(`${isOurs ? known.message : `Unexpected failure: ${error instanceof Error ? error.stack : String(error)}`}\n`)
    process.exitCode = errorCodes[known.code].exit
  }
}
