import { endWithReader } from '../lib/cli/stdout-reader.ts'
import { runCli } from './cli.ts'
import { interruptedExit } from './report-error.ts'

const goodbyeDeadlineMs = 1_000

endWithReader()
const interrupt = new AbortController()
process.on('SIGINT', () => {
  if (interrupt.signal.aborted) process.exit(interruptedExit)
  interrupt.abort()
})

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: interrupt.signal,
})
// Neither a master that does not answer the goodbye nor an open stdin shall keep the shell waiting.
setTimeout(() => process.exit(), goodbyeDeadlineMs).unref()
