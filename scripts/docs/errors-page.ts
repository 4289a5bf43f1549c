import { ExitCode, errorCodes } from '../../lib/errors/codes.ts'
import type { ErrorCodeInfo } from '../../lib/errors/codes.ts'
import { code, generatedNote, page, table } from './table.ts'

const intro = `Every error has a code that programs can rely on, a message for people, and sometimes \`details\`. Over HTTP it is the body
\`{"error": {"code": …, "message": …, "details": …}}\` with the status below; on the link it stands in the answer's place; a command prints the
message on stderr and ends with the exit code.

*Retry* says whether the same request may succeed later although nothing about it is changed. After \`deadline\`, \`link_closed\`,
\`session_lost\` and \`slave_gone\` it is not known whether the request was carried out. A request that had an idempotency key (over HTTP the
header \`Idempotency-Key\`) can be sent again with the same key without being done twice; [Reliability](../reliability.md#sessions) says for
which requests, and for how long.`

const exitMeanings: Readonly<Record<keyof typeof ExitCode, string>> = {
  done: 'Done.',
  refused: 'Refused or failed; the message says why.',
  usage: 'The command line, a name, a config field or a template is wrong.',
  unreachable: 'The master cannot be reached, or the connection ended before the answer.',
  forbidden: 'The token is not accepted, or may not do this.',
  notFound: 'What was named does not exist.',
  conflict: 'It contradicts what is there: a name in use, a wrong state.',
  deadline: 'No answer within the time; it may still happen.',
}

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
