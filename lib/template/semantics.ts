import { groupsOf } from './regex.ts'
import type { regexProblem } from './regex.ts'
import type { Path, TemplateProblem } from './problems.ts'
import { fileProblems, isSafePath } from './semantics-files.ts'
import { placeholderProblems } from './placeholders.ts'
import type { Template } from './schema.ts'
import { consoleProblems, healthProblems, saveProblems, stopProblems } from './semantics-console.ts'
import { variableProblems } from './variables-check.ts'

/** Placeholders that every template can use, besides `{var.…}` and `{port.…}`. */
export const commonPlaceholders = ['dir', 'bind', 'instance.id', 'instance.name', 'package', 'node'] as const

/** What is wrong with a template that fits the schema: what keys say about each other, placeholders, regexes. */
export function semanticProblems(template: Template, checkRegex: typeof regexProblem): TemplateProblem[] {
  const known = new Set<string>([
    ...commonPlaceholders,
    ...Object.keys(template.variables ?? {}).map((name) => `var.${name}`),
    ...Object.keys(template.ports ?? {}).map((name) => `port.${name}`),
  ])
  return [
    ...programProblems(template, known),
    ...launchProblems(template, known),
    ...(template.files ?? []).flatMap((file, i) => fileProblems(file, ['files', i], known)),
    ...Object.entries(template.variables ?? {}).flatMap(([name, variable]) => variableProblems(variable, ['variables', name], checkRegex)),
    ...regexProblems(template, checkRegex),
    ...stopProblems(template),
    ...saveProblems(template),
    ...consoleProblems(template),
    ...healthProblems(template),
  ]
}

function check(text: string | undefined, path: Path, known: ReadonlySet<string>): TemplateProblem[] {
  return text === undefined ? [] : placeholderProblems(text, known).map((message) => ({ path, message }))
}

function programProblems({ program }: Template, known: ReadonlySet<string>): TemplateProblem[] {
  // A program is looked for also where there is no instance yet, so only what every slave knows can be used.
  const everywhere = new Set(['package', 'node'])
  return [
    ...check(program.command, ['program', 'command'], everywhere),
    ...(program.search ?? []).flatMap((folder, i) => check(folder, ['program', 'search', i], everywhere)),
    ...(program.needs ?? []).flatMap(({ path, hint }, i) => [
      ...check(path, ['program', 'needs', i, 'path'], known), ...check(hint, ['program', 'needs', i, 'hint'], known),
    ]),
  ]
}

function launchProblems(template: Template, known: ReadonlySet<string>): TemplateProblem[] {
  const problems: TemplateProblem[] = []
  if (template.cwd !== undefined && !isSafePath(template.cwd)) {
    problems.push({ path: ['cwd'], message: 'must be a relative path below the instance\'s directory, without ".."' })
  }
  if (template.shell !== undefined && template.args !== undefined) {
    problems.push({ path: ['shell'], message: '"args" and "shell" exclude each other' })
  }
  problems.push(...check(template.shell, ['shell'], known), ...check(template.cwd, ['cwd'], known))
  for (const [name, text] of Object.entries(template.env ?? {})) problems.push(...check(text, ['env', name], known))
  for (const [i, argument] of (template.args ?? []).entries()) {
    const path: Path = ['args', i]
    if (typeof argument === 'string') {
      problems.push(...check(argument, path, known))
      continue
    }
    argument.args.forEach((text, j) => problems.push(...check(text, [...path, 'args', j], known)))
    problems.push(...check(argument.exists, [...path, 'exists'], known))
    if ((argument.when === undefined) === (argument.exists === undefined)) {
      problems.push({ path, message: 'needs exactly one of "when" and "exists"' })
    }
    if (argument.when !== undefined && !known.has(`var.${argument.when}`)) {
      problems.push({ path: [...path, 'when'], message: `there is no variable "${argument.when}"` })
    }
  }
  for (const [i, { args, unless }] of (template.prepare ?? []).entries()) {
    args.forEach((text, j) => problems.push(...check(text, ['prepare', i, 'args', j], known)))
    problems.push(...check(unless, ['prepare', i, 'unless'], known))
  }
  return problems
}

function regexProblems({ ready, save, events = {}, health }: Template, checkRegex: typeof regexProblem): TemplateProblem[] {
  const all: { path: Path; source: string; groups: string[] }[] = []
  if (ready !== undefined) all.push({ path: ['ready', 'regex'], source: ready.regex, groups: [] })
  if (ready?.failed !== undefined) all.push({ path: ['ready', 'failed'], source: ready.failed, groups: [] })
  if (save?.regex !== undefined) all.push({ path: ['save', 'regex'], source: save.regex, groups: [] })
  if (health?.check === 'output' && typeof health.regex === 'string') all.push({ path: ['health', 'regex'], source: health.regex, groups: [] })
  for (const kind of ['join', 'leave', 'chat'] as const) {
    const groups = kind === 'chat' ? ['player', 'text'] : ['player']
    const sources = events[kind]
    if (typeof sources === 'string') all.push({ path: ['events', kind], source: sources, groups })
    else sources?.forEach((source, i) => all.push({ path: ['events', kind, i], source, groups }))
  }
  return all.flatMap(({ path, source, groups }) => {
    const message = checkRegex(source) ?? missingGroup(source, groups)
    return message === undefined ? [] : [{ path, message }]
  })
}

function missingGroup(source: string, groups: readonly string[]): string | undefined {
  const missing = groups.find((group) => !groupsOf(source).includes(group))
  return missing === undefined ? undefined : `needs a named group (?<${missing}>…)`
}

