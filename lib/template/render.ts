import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { hostPlaceholders } from './find-program.ts'
import { fillIn, fillInTyped, type PlaceholderValues } from './placeholders.ts'
import type { FileValue, FileValues, TemplateFile } from './schema-files.ts'
import type { InstanceNames, VariableValues } from './schema-variables.ts'
import type { Template, TemplateArgument } from './schema.ts'
import { isSafePath } from './semantics-files.ts'
import { fillDefault } from './variables-check.ts'

export interface LaunchInput {
  instance: InstanceNames
  /** As {@link resolveVariables} gave them. */
  variables: VariableValues
  ports: Readonly<Record<string, number>>
  /** As {@link findProgram} gave it. */
  program: string
  /** Absolute path of the instance's own directory for game data. */
  dataDirectory: string
  /** IPv4 address that the game listens on; 0.0.0.0 (all) when not given. */
  bindAddress?: string
}

/** A file to write, its placeholders filled in. Paths are relative to the data directory. */
export type RenderedFile =
  | { path: string; kind: 'whole'; once: boolean; content: string }
  | { path: string; kind: 'properties' | 'ini' | 'json' | 'yaml'; once: boolean; set: FileValues }
  | { path: string; kind: 'directory' }

export interface PrepareStep {
  argv: string[]
  /** Absolute path; the step is not needed when it exists. */
  unless?: string
  deadlineMs: number
}

/** All that starting one instance takes. */
export interface Launch {
  argv: string[]
  /** What the template adds to the game's environment. */
  env: Record<string, string>
  /** Absolute path; `files` has a directory entry for it. */
  cwd: string
  files: RenderedFile[]
  prepare: PrepareStep[]
}

/**
 * Fills in a template for one start of one instance. Looks at the disk for `exists` and `needs` only. Throws `program_missing`
 * when a file that the template needs is not there, with its hint; `invalid_variable` when a value lacks or makes a path leave
 * the data directory.
 */
export function renderLaunch(template: Template, input: LaunchInput): Launch {
  const { program, dataDirectory } = input
  const values = placeholderValues(template, input)
  const fill = (text: string): string => fillIn(text, values)
  const inside = (text: string): string => insideData(template, fill(text))
  const cwd = inside(template.cwd ?? '.')
  checkNeeds(template, fill, dataDirectory)
  return {
    argv: template.shell === undefined
      ? [program, ...(template.args ?? []).flatMap((argument) => renderArgument(argument, values, dataDirectory))]
      : ['/bin/sh', '-c', fillIn(template.shell, values, 'shell'), program],
    env: Object.fromEntries(Object.entries(template.env ?? {}).map(([name, text]) => [name, fill(text)])),
    cwd: join(dataDirectory, cwd),
    files: [
      ...(cwd === '.' ? [] : [{ path: cwd, kind: 'directory' } as const]),
      ...(template.files ?? []).map((file) => renderFile({ ...file, path: inside(file.path) }, values)),
    ],
    prepare: (template.prepare ?? []).map(({ args, unless, deadline_ms: deadlineMs }) => ({
      argv: [program, ...args.map(fill)],
      ...(unless === undefined ? {} : { unless: resolve(dataDirectory, fill(unless)) }),
      deadlineMs,
    })),
  }
}

/** The console command by which the game says a text to its players; undefined when the template knows none. */
export function sayCommand(template: Template, text: string): string | undefined {
  const { say } = template.console
  // A line end would begin a second command.
  return say === undefined ? undefined : fillIn(say, new Map([['text', text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/gu, ' ')]]))
}

function placeholderValues(template: Template, { instance, variables, ports, dataDirectory, bindAddress = '0.0.0.0' }: LaunchInput): PlaceholderValues {
  const values = new Map<string, string | number | boolean>(hostPlaceholders())
  values.set('dir', dataDirectory).set('bind', bindAddress).set('instance.id', instance.id).set('instance.name', instance.name)
  for (const [name, { default: byDefault }] of Object.entries(template.variables ?? {})) {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) throw new ClusterError('invalid_variable', `Variable "${name}" of template "${template.id}" has no value`, { details: { variable: name } })
    // Braces mean something in the template's own default, never in a value that somebody gave.
    values.set(`var.${name}`, value === byDefault ? fillDefault(value, instance) : value)
  }
  for (const name of Object.keys(template.ports ?? {})) {
    const port = ports[name]
    if (port === undefined) throw new ClusterError('internal', `No port was chosen for "${name}" of template "${template.id}"`)
    values.set(`port.${name}`, port)
  }
  return values
}

function insideData(template: Template, path: string): string {
  if (isSafePath(path)) return path
  throw new ClusterError('invalid_variable', `A variable makes template "${template.id}" write to "${path}", outside the instance's directory`)
}

function checkNeeds({ id, program: { needs = [] } }: Template, fill: (text: string) => string, dataDirectory: string): void {
  for (const { path, hint } of needs) {
    const file = resolve(dataDirectory, fill(path))
    if (!existsSync(file)) {
      throw new ClusterError('program_missing', `Template "${id}" needs ${file}, which is not there; ${fill(hint)}`, { details: { template: id, file } })
    }
  }
}

function renderArgument(argument: TemplateArgument, values: PlaceholderValues, dataDirectory: string): string[] {
  if (typeof argument === 'string') return [fillIn(argument, values)]
  const { when, exists, args } = argument
  const isWanted = exists === undefined
    ? ![false, '', 0].includes(values.get(`var.${when}`) ?? false)
    : existsSync(resolve(dataDirectory, fillIn(exists, values)))
  return isWanted ? args.map((text) => fillIn(text, values)) : []
}

function renderFile({ path, kind, once = false, content = '', set = {} }: TemplateFile, values: PlaceholderValues): RenderedFile {
  if (kind === 'directory') return { path, kind }
  if (kind === 'whole') return { path, kind, once, content: fillIn(content, values) }
  return { path, kind, once, set: renderValue(set, values) as FileValues }
}

function renderValue(value: FileValue, values: PlaceholderValues): FileValue {
  if (typeof value === 'string') return fillInTyped(value, values)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly FileValue[]).map((inner) => renderValue(inner, values))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renderValue(inner, values)]))
}
