import { Type } from '@sinclair/typebox'
import type { Static, TObject, TProperties } from '@sinclair/typebox'
import { FileSchema } from './schema-files.ts'
import { VariableSchema } from './schema-variables.ts'

/** Names of variables, ports and environment variables' placeholders. */
const NAME = '^[a-z][a-z0-9_]{0,62}$'
const REGEX_LIMIT = 1000

function closed<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties, { additionalProperties: false })
}
const Text = (maxLength = 4096) => Type.String({ maxLength })
const Regex = () => Type.String({ minLength: 1, maxLength: REGEX_LIMIT })
const RegexList = () => Type.Union([Regex(), Type.Array(Regex(), { minItems: 1, maxItems: 8 })])
const Milliseconds = (minimum: number) => Type.Integer({ minimum, maximum: 3_600_000 })
const PortName = () => Type.String({ pattern: NAME })

export const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
export type StopSignal = (typeof signals)[number]

const ArgumentSchema = Type.Union([
  Type.String({ maxLength: 4096 }),
  closed({
    args: Type.Array(Text(), { minItems: 1, maxItems: 32 }),
    when: Type.Optional(Type.String({ pattern: NAME })),
    exists: Type.Optional(Text()),
  }),
])

const ProgramSchema = closed({
  command: Type.String({ minLength: 1, maxLength: 1024 }),
  search: Type.Optional(Type.Array(Text(1024), { maxItems: 16 })),
  needs: Type.Optional(Type.Array(closed({ path: Text(1024), hint: Text() }), { maxItems: 16 })),
  install: Type.Optional(closed({ debian: Type.Optional(Text()), any: Type.Optional(Text()) })),
})

const PortSchema = closed({
  protocol: Type.Unsafe<'tcp' | 'udp' | 'both'>({ enum: ['tcp', 'udp', 'both'] }),
  default: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  description: Type.Optional(Text()),
})

const PrepareSchema = closed({
  args: Type.Array(Text(), { minItems: 1, maxItems: 64 }),
  unless: Type.Optional(Text(1024)),
  deadline_ms: Type.Optional(Milliseconds(100)),
})

const ReadySchema = closed({ regex: Regex(), failed: Type.Optional(Regex()), deadline_ms: Type.Optional(Milliseconds(100)) })

const StopSchema = closed({
  command: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
  signal: Type.Optional(Type.Unsafe<StopSignal>({ enum: [...signals] })),
  grace_ms: Type.Optional(Milliseconds(0)),
  term_grace_ms: Type.Optional(Milliseconds(0)),
})

const ConsoleSchema = closed({
  input: Type.Unsafe<'stdin' | 'econ' | 'none'>({ enum: ['stdin', 'econ', 'none'] }),
  port: Type.Optional(PortName()),
  password: Type.Optional(Text()),
  line_gap_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
  say: Type.Optional(Text(2048)),
})

const EventsSchema = closed({
  join: Type.Optional(RegexList()),
  leave: Type.Optional(RegexList()),
  chat: Type.Optional(RegexList()),
})

const HealthSchema = closed({
  check: Type.Unsafe<'output' | 'tcp' | 'query'>({ enum: ['output', 'tcp', 'query'] }),
  regex: Type.Optional(Regex()),
  command: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
  port: Type.Optional(PortName()),
  query: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  interval_ms: Type.Optional(Milliseconds(100)),
  deadline_ms: Type.Optional(Milliseconds(100)),
  failures: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
})

/**
 * How one kind of game is installed, started, watched, spoken to and stopped. Plain JSON: a master sends it to its
 * slaves. What the schema cannot say (two keys that exclude each other, placeholders, regexes) is in `semantics.ts`;
 * `docs/reference/templates.md` is the reference of the format.
 */
export const TemplateSchema = closed({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  description: Type.Optional(Text()),
  program: ProgramSchema,
  args: Type.Optional(Type.Array(ArgumentSchema, { maxItems: 128 })),
  shell: Type.Optional(Type.String({ minLength: 1, maxLength: 16_384 })),
  cwd: Type.Optional(Text(1024)),
  env: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Text(),
    { additionalProperties: false, maxProperties: 64 })),
  terminal: Type.Optional(Type.Boolean()),
  variables: Type.Optional(Type.Record(Type.String({ pattern: NAME }), VariableSchema,
    { additionalProperties: false, maxProperties: 128 })),
  ports: Type.Optional(Type.Record(Type.String({ pattern: NAME }), PortSchema,
    { additionalProperties: false, maxProperties: 16 })),
  files: Type.Optional(Type.Array(FileSchema, { maxItems: 64 })),
  prepare: Type.Optional(Type.Array(PrepareSchema, { maxItems: 8 })),
  ready: ReadySchema,
  stop: StopSchema,
  console: ConsoleSchema,
  events: Type.Optional(EventsSchema),
  health: Type.Optional(HealthSchema),
})

export type Template = Static<typeof TemplateSchema>
export type TemplatePort = Static<typeof PortSchema>
export type TemplateArgument = Static<typeof ArgumentSchema>
export type TemplateHealth = Static<typeof HealthSchema>
