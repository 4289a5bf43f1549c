/** What the table says of one error code. */
export interface ErrorCodeInfo {
  /** HTTP status of a response that carries this error. */
  readonly http: number
  /** Exit code of a command that ends with it. */
  readonly exit: ExitCode
  /** Whether the same request may succeed later without a change by the caller. */
  readonly isRetryable: boolean
  /** One sentence for the reference. */
  readonly meaning: string
}

/** Exit codes of the programs. */
export const ExitCode = {
  done: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  forbidden: 4,
  notFound: 5,
  conflict: 6,
  deadline: 7,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** What each exit code says, for the references. */
export const exitMeanings: Readonly<Record<keyof typeof ExitCode, string>> = {
  done: 'Done.',
  refused: 'Refused or failed; the message says why.',
  usage: 'The command line, a name, a config field or a template is wrong.',
  unreachable: 'The master cannot be reached, or the connection ended before the answer.',
  forbidden: 'The token is not accepted, or may not do this.',
  notFound: 'What was named does not exist.',
  conflict: 'It contradicts what is there: a name in use, a wrong state.',
  deadline: 'No answer within the time; it may still happen.',
}

function row(http: number, exit: keyof typeof ExitCode, retry: 'retry' | 'final', meaning: string): ErrorCodeInfo {
  return { http, exit: ExitCode[exit], isRetryable: retry === 'retry', meaning }
}

/** Every error that Corral reports, one row each. `docs/reference/errors.md` is held against this table by a test. */
export const errorCodes = {
  internal: row(500, 'refused', 'final', 'Corral failed in a way that it should not have; the program\'s log has the details.'),
  invalid_request: row(400, 'usage', 'final', 'The request does not fit its definition; `details` names the field.'),
  unknown_type: row(404, 'usage', 'final', 'There is no message of this type on this link.'),
  malformed: row(400, 'refused', 'final', 'A frame or body could not be read as what the protocol asks for.'),
  unauthenticated: row(401, 'forbidden', 'final', 'The token is missing, unknown, expired or revoked.'),
  forbidden: row(403, 'forbidden', 'final', 'The token is good but lacks the permission that the message names.'),
  not_found: row(404, 'notFound', 'final', 'The slave, instance, template, token or run that was named does not exist.'),
  conflict: row(409, 'conflict', 'final', 'What was asked contradicts what is there: a name in use, a revision that has moved on.'),
  name_in_use: row(409, 'conflict', 'final', 'Another slave or instance has this name already.'),
  invalid_name: row(400, 'usage', 'final', 'A name must be 1 to 63 letters, digits, `-` or `_`, start with a letter or digit, and not be a number.'),
  invalid_variable: row(400, 'usage', 'final', 'A template variable is unknown, missing, or its value does not fit.'),
  invalid_template: row(400, 'usage', 'final', 'A template file does not fit the schema; the message names file and line.'),
  invalid_config: row(400, 'usage', 'final', 'A config file or field cannot be used; the message names file, field or line.'),
  unassigned: row(409, 'conflict', 'final', 'The instance is not assigned to a slave.'),
  slave_not_connected: row(503, 'refused', 'retry', 'The slave that has the instance is not connected to the master now.'),
  slave_gone: row(503, 'refused', 'retry', 'The slave went away while it worked on the request; what became of it is not known.'),
  peer_refused: row(502, 'refused', 'final', 'A program that tells errors as texts alone refused or failed; the text is its own.'),
  wrong_state: row(409, 'conflict', 'final', 'The instance is in a state in which this cannot be done.'),
  start_failed: row(422, 'refused', 'final', 'The game did not reach its ready line; the message has its last lines.'),
  program_missing: row(422, 'refused', 'final', 'The template\'s program is not installed on the slave; the message says how to install it.'),
  port_taken: row(409, 'conflict', 'retry', 'A port that the instance needs is in use on the slave\'s host.'),
  no_free_port: row(409, 'conflict', 'retry', 'The slave\'s port range has no free port left.'),
  console_unavailable: row(409, 'refused', 'retry', 'The game does not read its console now.'),
  console_gone: row(410, 'notFound', 'final', 'The part of the console that was asked for is no longer kept; `details.head` is the first offset that is.'),
  deadline: row(504, 'deadline', 'retry', 'No answer came within the deadline; what was asked may still happen.'),
  unreachable: row(503, 'unreachable', 'retry', 'The master cannot be reached.'),
  link_closed: row(503, 'unreachable', 'retry', 'The connection ended before the answer came.'),
  session_lost: row(503, 'unreachable', 'retry', 'The session could not be resumed; what was pending may or may not have happened.'),
  overloaded: row(429, 'refused', 'retry', 'A limit on rate, size or number was exceeded; `details.limit` names the setting.'),
  too_large: row(413, 'refused', 'final', 'A message or file is larger than the limit allows.'),
  disk_full: row(507, 'refused', 'retry', 'There is no space left on the disk; nothing was changed.'),
  store_failed: row(500, 'refused', 'retry', 'The database, or what a slave keeps of an instance, could not be read or written; nothing was changed.'),
  database_in_use: row(409, 'conflict', 'final', 'Another master has this database open.'),
  data_directory_in_use: row(409, 'conflict', 'final', 'Another slave works in this data directory.'),
  address_in_use: row(409, 'conflict', 'final', 'The address to listen on is taken.'),
  shutting_down: row(503, 'unreachable', 'retry', 'The program is about to stop and takes no new work.'),
} as const satisfies Record<string, ErrorCodeInfo>

export type ErrorCode = keyof typeof errorCodes

/** Whether a text names a row of the table; a peer of another version may know more codes than we do. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(errorCodes, text)
}
