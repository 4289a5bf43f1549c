import type { TSchema } from '@sinclair/typebox'
import { permissions } from '../../lib/auth/permission.ts'
import type { Permission } from '../../lib/auth/permission.ts'
import { roleHolds, roles } from '../../lib/auth/role.ts'
import type { RoleName } from '../../lib/auth/role.ts'
import type { Definition, Projection } from '../../lib/link/define.ts'
import type { suffixes } from '../../lib/link/message.ts'
import { messages } from '../../lib/link/messages/index.ts'
import { builtInPlugins } from '../../lib/plugin/catalogue.ts'
import { code, generatedNote, page, table } from './table.ts'
import { schemaRows, sharedShapes } from './schema-rows.ts'

const intro = `Every message of the link, by type. A **request** is answered, an **event** is not. On the wire a request's type ends with
\`_request\`, its answer's with \`_response\`, an event's with \`_event\`. Fields that a request does not have are refused.

Requests that travel from a control to the master can be sent over HTTP, too: \`POST /api/v1/TYPE\` with the data as JSON and the token as
\`Authorization: Bearer TOKEN\`; the answer's data comes back as JSON, or an [error](errors.md). Those that are marked *link only* change the
connection that they come on, and make no sense there. \`GET /api/openapi.json\` describes them for tools.

The master passes a request that is *forwarded* on to the slave that its field names. A *volatile* event is sent once to whoever is connected
and is not kept for a resume. The *base dialect* is what peers speak that don't offer the subprotocol \`corral.1\`; messages that are not in it
can be neither sent nor received by them.`

/** The reference of the link's messages, from the registry, and of those of the plugins that come with Corral. */
export async function messagesPage(): Promise<string> {
  const definitions: Definition[] = Object.values(messages).sort((a, b) => a.type < b.type ? -1 : 1)
  const ofPlugins = (await builtInPlugins()).flatMap(({ plugin }) => plugin.messages ?? [])
  const requests = definitions.filter(({ kind }) => kind === 'request')
  const events = definitions.filter(({ kind }) => kind === 'event')
  return page(
    '# Messages', generatedNote, intro,
    '## Permissions', 'A token\'s role says which permissions it holds; each request needs the one that it names.', permissionTable(),
    '## Requests', ...requests.flatMap(section),
    '## Events', ...events.flatMap(section),
    '## Messages of plugins', 'They exist while their plugin is enabled. What travels to an instance is for the plugin\'s part of that instance, on its slave.',
    ...ofPlugins.flatMap(section),
    '## Shapes', ...Object.entries(sharedShapes).flatMap(([name, { schema, meaning }]) => [`### ${name}`, meaning, fields(schema)]),
  )
}

function permissionTable(): string {
  const names = Object.keys(permissions) as Permission[]
  return table(['Permission', 'Meaning', 'Roles'], names.map((name) => [code(name), permissions[name], holders(name)]))
}

function holders(permission: Permission): string {
  const names = Object.keys(roles) as RoleName[]
  return names.filter((role) => roleHolds(role, permission)).map(code).join(', ')
}

function section(definition: Definition): string[] {
  const about = [`### ${definition.type}`, definition.summary, facts(definition)]
  if (definition.kind === 'event') return [...about, '**Data**', fields(definition.data)]
  return [...about, '**Request**', fields(definition.request), '**Response**', fields(definition.response)]
}

function facts(definition: Definition): string {
  const rows = [['Kind', definition.kind], ['Travels', waysOf(definition.routes)]]
  if (definition.kind === 'request') {
    const { permission, forward, isLinkOnly, deadlineMs, base } = definition
    rows.push(['Permission', code(permission)], ['Deadline', `${deadlineMs / 1_000} s unless the sender says otherwise`])
    if (forward) rows.push(['Forwarded', `to the slave that ${code(forward)} names`])
    if (definition.routes.includes('control-master')) rows.push(['HTTP', isLinkOnly ? 'no, link only' : code(`POST /api/v1/${definition.type}`)])
    rows.push(['Base dialect', base ? `yes${base.routes ? `, ${waysOf(base.routes)} only` : ''}: ${shown('request', base.request)}; ${shown('response', base.response)}` : 'no'])
  } else {
    rows.push(['Volatile', definition.isVolatile ? 'yes' : 'no'], ['Base dialect', definition.base ? `yes: ${shown('event', definition.base)}` : 'no'])
  }
  return rows.map(([name, text]) => `- ${name}: ${text}`).join('\n')
}

function waysOf(routes: readonly string[]): string {
  return routes.map((route) => route.replace('-', ' → ')).join(', ')
}

function shown(kind: keyof typeof suffixes, { schema }: Pick<Projection<never>, 'schema'>): string {
  const names = schemaRows(schema).map(([name]) => name)
  return `${kind} with ${names.length === 0 ? 'no fields' : names.join(', ')}`
}

function fields(schema: TSchema): string {
  const rows = schemaRows(schema)
  return rows.length === 0 ? 'No fields.' : table(['Field', 'Type', 'Meaning'], rows)
}
