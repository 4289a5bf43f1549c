import type { LineCounter } from 'yaml'
import { isMap, isPair, isScalar, type Document, type Node } from 'yaml'
import { ClusterError } from '../errors/cluster-error.ts'

export type Path = readonly (string | number)[]

/** One fault of a template. `at` says whether it is the key or the value that is at fault. */
export interface TemplateProblem {
  path: Path
  message: string
  at?: 'key'
}

/** Turns a path in the data into a place in the text: `file:line:column`. */
export type Locate = (problem: TemplateProblem) => { line: number; column: number } | undefined

const SHOWN_LIMIT = 10

/** All problems as one error that names a place and a path for each, the first ten at most. */
export function invalidTemplate(file: string, problems: readonly TemplateProblem[], locate: Locate): ClusterError {
  const places = problems.map((problem) => ({ ...locate(problem), path: pathText(problem.path), message: problem.message }))
  places.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  const lines = places.slice(0, SHOWN_LIMIT).map(({ line, column, path, message }) => {
    const place = line === undefined ? file : `${file}:${line}:${column}`
    return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`
  })
  if (places.length > SHOWN_LIMIT) lines.push(`${file}: and ${places.length - SHOWN_LIMIT} more`)
  return new ClusterError('invalid_template', lines.join('\n'), { details: { file, problems: places.slice(0, SHOWN_LIMIT) } })
}

/** A {@link Locate} for a YAML document: the node itself, or the nearest one around it that exists. */
export function locateIn(document: Document, counter: LineCounter): Locate {
  return ({ path, at }) => {
    for (let depth = path.length; depth >= 0; depth--) {
      const isWhole = depth === path.length
      const offset = (isWhole && at !== 'key' ? undefined : keyOffset(document, path.slice(0, depth)))
        ?? nodeOffset(document, path.slice(0, depth))
      if (offset === undefined) continue
      const { line, col } = counter.linePos(offset)
      return { line, column: col }
    }
    return undefined
  }
}

function nodeOffset(document: Document, path: Path): number | undefined {
  const node = (path.length === 0 ? document.contents : document.getIn(path, true)) as Node | null | undefined
  return node?.range?.[0]
}

function keyOffset(document: Document, path: Path): number | undefined {
  if (path.length === 0) return undefined
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1))
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}

/** `files[0].set.port`, as people write it. */
export function pathText(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
}
