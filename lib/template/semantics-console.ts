import type { Path, TemplateProblem } from './problems.ts'
import { placeholderProblems } from './placeholders.ts'
import type { Template } from './schema.ts'

/** What the schema lets through: any of the keys. Which of them go together is what the checks here are for. */
type Loose = Readonly<Partial<Record<'command' | 'signal' | 'input' | 'port' | 'password' | 'say' | 'regex' | 'query', string>>>

export function stopProblems(template: Template): TemplateProblem[] {
  const stop: Loose = template.stop
  const problems: TemplateProblem[] = []
  if ((stop.command === undefined) === (stop.signal === undefined)) {
    problems.push({ path: ['stop'], message: 'needs exactly one of "command" and "signal"' })
  }
  if (stop.command !== undefined) problems.push(...needsInput(template, ['stop', 'command']))
  return problems
}

export function saveProblems(template: Template): TemplateProblem[] {
  return template.save === undefined ? [] : needsInput(template, ['save', 'command'])
}

export function consoleProblems(template: Template): TemplateProblem[] {
  const { ports = {}, variables = {} } = template
  const { input, port, password, say }: Loose = template.console
  const problems: TemplateProblem[] = []
  for (const [key, value] of Object.entries({ port, password })) {
    if ((value !== undefined) === (input === 'econ')) continue
    problems.push({ path: ['console'], message: input === 'econ' ? `"${key}" is missing: econ needs it` : `"${key}" is for econ only` })
  }
  if (password !== undefined && variables[password]?.type !== 'secret') {
    problems.push({ path: ['console', 'password'], message: `must name a variable of type secret; "${password}" is none` })
  }
  if (say !== undefined) {
    const path: Path = ['console', 'say']
    problems.push(...needsInput(template, path), ...placeholderProblems(say, new Set(['text'])).map((message) => ({ path, message })))
    if (!/\{text[|}]/.test(say)) problems.push({ path, message: 'needs the placeholder {text}' })
  }
  return [...problems, ...portProblems(port, ['console', 'port'], ports, 'tcp')]
}

export function healthProblems(template: Template): TemplateProblem[] {
  if (template.health === undefined) return []
  const health: Loose = template.health
  const check = template.health.check
  const allowed = { output: ['regex', 'command'], tcp: ['port'], query: ['port', 'query'] }[check]
  const problems: TemplateProblem[] = []
  for (const key of ['regex', 'command', 'port', 'query'] as const) {
    const isGiven = health[key] !== undefined
    if (allowed.includes(key) && !isGiven && key !== 'command') {
      problems.push({ path: ['health'], message: `"${key}" is missing: check "${check}" needs it` })
    }
    if (!allowed.includes(key) && isGiven) problems.push({ path: ['health', key], message: `means nothing for check "${check}"` })
  }
  if (health.command !== undefined) problems.push(...needsInput(template, ['health', 'command']))
  return [...problems, ...portProblems(health.port, ['health', 'port'], template.ports ?? {}, check === 'tcp' ? 'tcp' : undefined)]
}

function needsInput({ console }: Template, path: Path): TemplateProblem[] {
  return console.input === 'none' ? [{ path, message: 'a game whose console.input is "none" cannot be told a command' }] : []
}

function portProblems(
  port: string | undefined, path: Path, ports: NonNullable<Template['ports']>, protocol: 'tcp' | undefined,
): TemplateProblem[] {
  if (port === undefined) return []
  if (!Object.hasOwn(ports, port)) return [{ path, message: `there is no port "${port}" in "ports"` }]
  return protocol !== undefined && ports[port]?.protocol !== protocol ? [{ path, message: `needs a port with protocol ${protocol}` }] : []
}
