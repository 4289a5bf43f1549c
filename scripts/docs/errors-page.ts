import { ExitCode, errorCodes, exitMeanings } from '../../lib/errors/codes.ts'
import type { ErrorCodeInfo } from '../../lib/errors/codes.ts'
import { code, generatedNote, page, table } from './table.ts'

const intro = `Every error has a code that programs can rely on, a message for people, and sometimes \`details\`. Over HTTP it is the body
\`{"error": {"code": …, "message": …, "details": …}}\` with the status below; on the link it stands in the answer's place; a command prints the
message on stderr and ends with the exit code.

*Retry* says whether the same request may succeed later although nothing about it is changed. After \`deadline\`, \`link_closed\`,
\`session_lost\` and \`slave_gone\` it is not known whether the request was carried out. A request that had an idempotency key (over HTTP the
header \`Idempotency-Key\`) can be sent again with the same key without being done twice; [Reliability](../reliability.md#sessions) says for
which requests, and for how long.`

/** The reference of errors and exit codes, from the table of codes. */
export function errorsPage(): string {
  const errors: Array<[string, ErrorCodeInfo]> = Object.entries(errorCodes)
  const rows = errors.map(([name, { http, exit, isRetryable, meaning }]) => [code(name), String(http), String(exit), isRetryable ? 'yes' : 'no', meaning])
  const names = Object.keys(ExitCode) as Array<keyof typeof ExitCode>
  const exits = names.map((name) => {
    const codes = errors.filter(([, { exit }]) => exit === ExitCode[name]).map(([error]) => code(error))
    return [String(ExitCode[name]), exitMeanings[name], codes.join(', ')]
  })
  return page(
    '# Errors', generatedNote, intro,
    '## Codes', table(['Code', 'HTTP', 'Exit', 'Retry', 'Meaning'], rows),
    '## Exit codes', 'Of `master`, `slave` and `ctl` alike. `ctl` ends with 130 when it is interrupted with Ctrl-C.',
    table(['Exit', 'Meaning', 'Errors'], exits),
  )
}
