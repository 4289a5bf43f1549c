import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RequestOf } from '../../lib/link/define.ts'
import { foreignTemplate } from '../../lib/link/messages/config-groups.ts'
import type { SerializedConfig } from '../../lib/link/messages/config-groups.ts'
import type { assignInstance, Assignment, WholeAssignment } from '../../lib/link/messages/instances.ts'
import type { Template } from '../../lib/template/schema.ts'
import { checkVariables, generateSecrets, resolveVariables } from '../../lib/template/variables.ts'
import type { OwnTemplates } from './own-templates.ts'

type Variables = WholeAssignment['variables']

/** What a master gives. */
export type Given = RequestOf<typeof assignInstance>

/** What a master gave, and what the slave has made of it. */
export interface Completed {
  readonly assignment: WholeAssignment
  /** As the master gave it, where that lacks the template itself: it is told so again. */
  readonly given: Assignment | null
  /** The same word for word, where the master is of another make. */
  readonly serialized: SerializedConfig | null
  /** Why it can't be started. */
  readonly unusable: string | null
}

/** What stands in for the template of an instance that never had one here. */
function noTemplate(id: string): Template {
  return {
    id, name: id,
    program: { command: '/bin/false' },
    terminal: false,
    stop: { signal: 'SIGTERM', grace_ms: 0, term_grace_ms: 0 },
    console: { input: 'none', line_gap_ms: 0 },
  }
}

/**
 * Completes an assignment that only names its template, or nothing at all: template and variables are looked for on
 * this slave. What can't be completed is kept all the same, and says why it can't be started. `before` is the
 * instance as it was, for what it has and nobody tells: the secrets that were made up for it.
 */
export async function completeAssignment(received: Given, templates: OwnTemplates, before: WholeAssignment | undefined): Promise<Completed> {
  const { instance: assignment, serialized = null } = received
  const { template } = assignment
  if (typeof template !== 'string') {
    // A master that adopted the instance may not know its secrets.
    const variables = withSecrets(template, assignment.variables, before)
    return { assignment: { ...assignment, template, variables }, given: null, serialized, unusable: null }
  }
  try {
    return { assignment: await complete(assignment, template, templates, before), given: assignment, serialized, unusable: null }
  } catch (error) {
    const unusable = `The instance can't be started on this slave: ${ClusterError.from(error).message}`
    return { assignment: { ...assignment, variables: before?.variables ?? {}, template: before?.template ?? noTemplate(template) }, given: assignment, serialized, unusable }
  }
}

async function complete(assignment: Assignment, id: string, templates: OwnTemplates, before: WholeAssignment | undefined): Promise<WholeAssignment> {
  if (id === foreignTemplate) {
    throw new ClusterError('not_found', 'its configuration has no group "corral" that can be used; that must name a template, such as corral.template = sample, and fit it')
  }
  const template = before?.template.id === id ? await templates.require(id).catch(() => before.template) : await templates.require(id)
  const loose = looseFields(assignment)
  const ports = { ...portsIn(loose), ...assignment.ports }
  const unknown = Object.keys(ports).find((name) => !Object.hasOwn(template.ports ?? {}, name))
  if (unknown !== undefined) {
    throw new ClusterError('invalid_variable', `template "${id}" has no port "${unknown}"; it has ${Object.keys(template.ports ?? {}).join(', ') || 'none'}`)
  }
  const variables = withSecrets(template, checkVariables(template, { ...variablesIn(template, loose), ...assignment.variables }), before)
  resolveVariables(template, variables)
  return { ...assignment, template, variables, ports }
}

/** Fields of the group `corral` in another form than Corral writes them. */
function looseFields({ config_groups: groups = [] }: Assignment): Readonly<Record<string, unknown>> {
  return groups.find(({ name }) => name === 'corral')?.fields ?? {}
}

/** Variables by their mere names, and those in an object `variables`. */
function variablesIn(template: Template, loose: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = Object.keys(template.variables ?? {})
  const byName = Object.entries(loose).filter(([name]) => known.includes(name))
  const inObject = isRecord(loose.variables) ? Object.entries(loose.variables) : []
  return Object.fromEntries([...byName, ...inObject].filter(([, value]) => value !== null))
}

function portsIn({ ports }: Readonly<Record<string, unknown>>): Record<string, number> {
  if (!isRecord(ports)) return {}
  return Object.fromEntries(Object.entries(ports).map(([name, value]) => {
    const port = Number(value)
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new ClusterError('invalid_variable', `port "${name}" must be a number from 1 to 65535, not ${JSON.stringify(value)}`)
    return [name, port]
  }))
}

/** With the secrets that nobody gave: those from before, else new ones. */
function withSecrets(template: Template, given: Variables, before: WholeAssignment | undefined): Variables {
  const known = before?.template.id === template.id ? before.variables : {}
  const secrets = Object.entries(generateSecrets(template, given)).map(([name, fresh]) => [name, known[name] ?? fresh] as const)
  return { ...given, ...Object.fromEntries(secrets) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
