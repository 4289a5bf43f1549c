import type { FileKind, FileValue, TemplateFile } from './schema-files.ts'
import type { Path, TemplateProblem } from './problems.ts'
import { placeholderProblems } from './placeholders.ts'

const DEPTH_LIMIT = 16

/** What is wrong with one entry of `files` that fits the schema. */
export function fileProblems(file: TemplateFile, path: Path, known: ReadonlySet<string>): TemplateProblem[] {
  const problems: TemplateProblem[] = []
  const needed = neededKey(file.kind)
  for (const key of ['content', 'set'] as const) {
    if ((file[key] !== undefined) === (key === needed)) continue
    problems.push({ path, message: `kind "${file.kind}" ${key === needed ? 'needs' : 'takes no'} "${key}"` })
  }
  if (!isSafePath(file.path)) {
    problems.push({ path: [...path, 'path'], message: 'must be a relative path below the instance\'s directory, without ".."' })
  }
  const check = (text: string, where: Path): void => {
    for (const message of placeholderProblems(text, known)) problems.push({ path: where, message })
  }
  check(file.path, [...path, 'path'])
  if (file.content !== undefined) check(file.content, [...path, 'content'])
  if (file.set !== undefined) {
    problems.push(...shapeProblems(file, [...path, 'set']))
    walk(file.set, [...path, 'set'], check, problems)
  }
  return problems
}

function neededKey(kind: FileKind): 'content' | 'set' | undefined {
  if (kind === 'directory') return undefined
  return kind === 'whole' ? 'content' : 'set'
}

/** Whether a path is relative and stays below where it starts. */
export function isSafePath(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..')
}

/** `properties` has values only; `ini` has sections of values only. */
function shapeProblems({ kind, set = {} }: TemplateFile, path: Path): TemplateProblem[] {
  if (kind === 'properties') return Object.entries(set).flatMap(([key, value]) => lineProblem(key, value, [...path, key]))
  if (kind !== 'ini') return []
  return Object.entries(set).flatMap(([section, values]): TemplateProblem[] => {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      return [{ path: [...path, section], message: 'must be an object of keys and values: a section' }]
    }
    if (/[\]\n\r]/.test(section)) return [{ path: [...path, section], at: 'key', message: 'is no name of a section' }]
    return Object.entries(values).flatMap(([key, value]) => lineProblem(key, value, [...path, section, key]))
  })
}

function lineProblem(key: string, value: unknown, path: Path): TemplateProblem[] {
  if (!/^[^\s=:#;[][^=\n\r]*$/u.test(key)) return [{ path, at: 'key', message: 'cannot be a key of such a file' }]
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? [] : [{ path, message: 'must be a text, a number, true or false' }]
}

function walk(value: FileValue, path: Path, check: (text: string, path: Path) => void, problems: TemplateProblem[]): void {
  if (typeof value === 'string') check(value, path)
  if (typeof value === 'number' && !Number.isFinite(value)) problems.push({ path, message: 'must be a finite number' })
  if (typeof value !== 'object' || value === null) return
  if (path.length > DEPTH_LIMIT) {
    problems.push({ path, message: `is nested deeper than ${DEPTH_LIMIT} levels` })
    return
  }
  for (const [key, inner] of Object.entries<FileValue>(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key]
    if (key === '__proto__') problems.push({ path: here, at: 'key', message: 'cannot be a key' })
    walk(inner, here, check, problems)
  }
}
