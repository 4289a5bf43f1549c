import { ClusterError } from '../errors/cluster-error.ts'
import { didYouMean } from '../text/nearest.ts'

/** What a placeholder `{name}` or `{name|filter}` stands for, by name. */
export type PlaceholderValues = ReadonlyMap<string, string | number | boolean>

const filters = {
  /** Inside double quotes where `\` escapes everything: Teeworlds, C-like formats, Java properties. */
  escaped: (text: string) => text.replace(/[\\"]/g, '\\$&'),
  /** Inside double quotes where `\` escapes quotes only: OpenTTD. A `\` at the end would escape the closing quote. */
  quotes: (text: string) => text.replace(/"/g, '\\"').replace(/\\$/, '\\ '),
  /** A JSON string with its quotes. */
  json: (text: string) => JSON.stringify(text),
  /** Without slashes and blanks in front: for consoles that take a line for chat unless it begins with `/`. */
  unslashed: (text: string) => text.replace(/^[\s/]+/, ''),
  /** 1 for true and 0 for false, for games that know no other; anything else stays. */
  number: (text: string) => (text === 'true' ? '1' : text === 'false' ? '0' : text),
  /** One word of a shell command, in single quotes. */
  shell: (text: string) => `'${text.replaceAll('\'', String.raw`'\''`)}'`,
} as const
export type PlaceholderFilter = keyof typeof filters

// `{{` before a letter is a literal `{`; a brace before anything else is literal as it is, so JSON can be written plainly.
const TOKEN = /\{\{(?=[A-Za-z])|\{([A-Za-z][^{}\n]*)\}|\{(?=[A-Za-z])/g
const PLACEHOLDER = /^([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)(?:\|([a-z]+))?$/

/** What is wrong with the placeholders of `text`, one sentence each; `known` are the names it may use. */
export function placeholderProblems(text: string, known: ReadonlySet<string>): string[] {
  const problems: string[] = []
  for (const [token, inside] of text.matchAll(TOKEN)) {
    if (token === '{{') continue
    const [, name = '', filter] = PLACEHOLDER.exec(inside ?? '') ?? []
    if (name === '') {
      problems.push(`${token}… is no placeholder; write {{ where a { stands before a letter`)
    } else if (!known.has(name)) {
      problems.push(`unknown placeholder {${name}}${didYouMean(name, known)}; write {{ for a literal {`)
    } else if (filter !== undefined && !Object.hasOwn(filters, filter)) {
      problems.push(`unknown filter "${filter}" in {${inside}}${didYouMean(filter, Object.keys(filters))}`)
    }
  }
  return problems
}

/** The names of the placeholders in `text`, in order. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(TOKEN)].flatMap(([, inside]) => PLACEHOLDER.exec(inside ?? '')?.[1] ?? [])
}

/**
 * `text` with its placeholders filled in. `filterAll` is put on every placeholder that names no filter itself. What
 * is filled in is never looked at again, so a value can hold braces. Throws `invalid_template` for an unknown
 * placeholder: a checked template has none.
 */
export function fillIn(text: string, values: PlaceholderValues, filterAll?: PlaceholderFilter): string {
  return text.replace(TOKEN, (token, inside: string | undefined) => {
    if (token === '{{') return '{'
    const [, name = '', filter = filterAll] = PLACEHOLDER.exec(inside ?? '') ?? []
    const value = values.get(name)
    if (value === undefined) throw new ClusterError('invalid_template', `Nothing is known of the placeholder ${token}`)
    return filter === undefined ? String(value) : filters[filter as PlaceholderFilter](String(value))
  })
}

/** As {@link fillIn}; but a text that is nothing but one placeholder becomes its value with the type kept. */
export function fillInTyped(text: string, values: PlaceholderValues): string | number | boolean {
  const [, name] = /^\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}$/.exec(text) ?? []
  return (name === undefined ? undefined : values.get(name)) ?? fillIn(text, values)
}
