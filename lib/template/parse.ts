import { LineCounter, parseDocument } from 'yaml'
import type { ClusterError } from '../errors/cluster-error.ts'
import { invalidTemplate, locateIn, type Locate, type TemplateProblem } from './problems.ts'
import { regexProblem } from './regex.ts'
import type { Template } from './schema.ts'
import { schemaProblems } from './schema-problems.ts'
import { semanticProblems } from './semantics.ts'

/** The largest template file that is read. */
export const TEMPLATE_LIMIT_BYTES = 256 * 1024
const ALIAS_LIMIT = 32
// YAML parsers recurse: a few kilobytes of brackets would exhaust the stack.
const DEPTH_LIMIT = 64

/**
 * Reads a template from YAML. Throws `invalid_template`; the message has a line `file:line:column: key: what is wrong` for each
 * problem found, the details have the same as data. `checkRegex` says what is wrong with a regex; the default runs each on long lines.
 */
export function parseTemplate(text: string, file: string, checkRegex = regexProblem): Template {
  const nowhere: Locate = () => undefined
  const fail = (message: string, locate: Locate = nowhere): ClusterError => invalidTemplate(file, [{ path: [], message }], locate)
  if (Buffer.byteLength(text) > TEMPLATE_LIMIT_BYTES) throw fail(`is larger than ${TEMPLATE_LIMIT_BYTES / 1024} KiB`)
  if (isDeep(text)) throw fail(`is nested deeper than ${DEPTH_LIMIT} levels`)

  const counter = new LineCounter()
  const document = parseDocument(text, {
    version: '1.2', schema: 'core', merge: false, customTags: [], uniqueKeys: true, stringKeys: true, prettyErrors: false, lineCounter: counter,
  })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) {
    const { line, col } = counter.linePos(fault.pos[0])
    throw fail(`is not the YAML that templates use: ${fault.message}`, () => ({ line, column: col }))
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: ALIAS_LIMIT })
  } catch (error) {
    throw fail(`cannot be read: ${(error as Error).message}`)
  }
  return check(value, file, locateIn(document, counter), checkRegex)
}

/** Checks a template that came as JSON, as a slave does with what its master sent. Throws `invalid_template`. */
export function checkTemplate(value: unknown, source: string): Template {
  return check(value, source, () => undefined, regexProblem)
}

function check(value: unknown, file: string, locate: Locate, checkRegex: typeof regexProblem): Template {
  let problems: TemplateProblem[] = schemaProblems(value)
  if (problems.length === 0) problems = semanticProblems(value as Template, checkRegex)
  if (problems.length > 0) throw invalidTemplate(file, problems, locate)
  return value as Template
}

/** Whether brackets or indentation nest deeper than any template needs. Counts brackets in texts too: 64 is plenty. */
function isDeep(text: string): boolean {
  let depth = 0
  for (const char of text) {
    if (char === '[' || char === '{') depth += 1
    else if (char === ']' || char === '}') depth -= 1
    if (depth > DEPTH_LIMIT) return true
  }
  return /^(?: *- ){64}/m.test(text) || /^ {256}\S/m.test(text)
}
