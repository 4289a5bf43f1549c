import { runCli } from './cli.ts'
import { interruptedExit } from './report-error.ts'

const goodbyeDeadlineMs = 1_000
const { stdout, stderr } = process

// `ctl instance logs … | head` is no failure: nobody wants to read on.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  stderr.write(`Cannot write to stdout: ${error.message}\n`)
  process.exit(1)
})
stderr.on('error', () => {})

const interrupt = new AbortController()
process.on('SIGINT', () => {
  if (interrupt.signal.aborted) process.exit(interruptedExit)
  interrupt.abort()
})

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: () => process.stdin,
  stdout,
  stderr,
  interrupt: interrupt.signal,
})
// Neither a master that does not answer the goodbye nor an open stdin shall keep the shell waiting.
setTimeout(() => process.exit(), goodbyeDeadlineMs).unref()
