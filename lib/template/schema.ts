import { Type } from '@sinclair/typebox'
import type { Static, TObject, TProperties, TSchema } from '@sinclair/typebox'
import { FileSchema } from './schema-files.ts'
import { VariableSchema } from './schema-variables.ts'

/** Names of variables and ports. */
const NAME = '^[a-z][a-z0-9_]{0,62}$'
const REGEX_LIMIT = 1000

function closed<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties, { additionalProperties: false })
}
const Text = (maxLength = 4096) => Type.String({ maxLength })
const Regex = () => Type.String({ minLength: 1, maxLength: REGEX_LIMIT })
const RegexList = () => Type.Union([Regex(), Type.Array(Regex(), { minItems: 1, maxItems: 8 })])
const Milliseconds = (minimum: number, byDefault: number) => Type.Integer({ minimum, maximum: 3_600_000, default: byDefault })
const Name = () => Type.String({ pattern: NAME })
/** A line for a console: one line, and short enough to be written whole or not at all. */
const Line = () => Type.String({ minLength: 1, maxLength: 1024, pattern: '^[^\\n\\r]*$' })
const named = <T extends TSchema>(pattern: string, schema: T, maxProperties: number) =>
  Type.Record(Type.String({ pattern }), schema, { additionalProperties: false, maxProperties })

export const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
export type StopSignal = (typeof signals)[number]

const ArgumentSchema = Type.Union([
  Type.String({ maxLength: 4096 }),
  closed({
    args: Type.Array(Text(), { minItems: 1, maxItems: 32 }),
    when: Type.Optional(Name()),
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
  protocol: Type.Unsafe<'tcp' | 'udp'>({ enum: ['tcp', 'udp'] }),
  default: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  description: Type.Optional(Text()),
})

const PrepareSchema = closed({
  args: Type.Array(Text(), { minItems: 1, maxItems: 64 }),
  unless: Type.Optional(Text(1024)),
  deadline_ms: Milliseconds(100, 300_000),
})

const ReadySchema = closed({ regex: Regex(), failed: Type.Optional(Regex()), deadline_ms: Milliseconds(100, 120_000) })

interface StopTimes { grace_ms: number; term_grace_ms: number }
export type TemplateStop = StopTimes & ({ command: string; signal?: never } | { command?: never; signal: StopSignal })

const SaveSchema = closed({ command: Line(), regex: Type.Optional(Regex()), deadline_ms: Milliseconds(100, 60_000) })

const StopSchema = Type.Unsafe<TemplateStop>(closed({
  command: Type.Optional(Line()),
  signal: Type.Optional(Type.Unsafe<StopSignal>({ enum: [...signals] })),
  grace_ms: Milliseconds(0, 15_000),
  term_grace_ms: Milliseconds(0, 5_000),
}))

interface ConsoleCommon { line_gap_ms: number; answer_ms?: number; say?: string }
export type TemplateConsole = ConsoleCommon
  & ({ input: 'stdin' | 'none'; port?: never; password?: never } | { input: 'econ'; port: string; password: string })

const ConsoleSchema = Type.Unsafe<TemplateConsole>(closed({
  input: Type.Unsafe<TemplateConsole['input']>({ enum: ['stdin', 'econ', 'none'] }),
  port: Type.Optional(Name()),
  password: Type.Optional(Name()),
  line_gap_ms: Type.Integer({ minimum: 0, maximum: 10_000, default: 0 }),
  answer_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
  say: Type.Optional(Line()),
}))

const EventsSchema = closed({
  join: Type.Optional(RegexList()),
  leave: Type.Optional(RegexList()),
  chat: Type.Optional(RegexList()),
})

interface HealthTimes { interval_ms: number; deadline_ms: number; failures: number }
export type TemplateHealth = HealthTimes & (
  | { check: 'output'; regex: string; command?: string }
  | { check: 'tcp'; port: string }
  | { check: 'query'; port: string; query: string })

const HealthSchema = Type.Unsafe<TemplateHealth>(closed({
  check: Type.Unsafe<TemplateHealth['check']>({ enum: ['output', 'tcp', 'query'] }),
  regex: Type.Optional(Regex()),
  command: Type.Optional(Line()),
  port: Type.Optional(Name()),
  query: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  interval_ms: Milliseconds(100, 30_000),
  deadline_ms: Milliseconds(100, 10_000),
  failures: Type.Integer({ minimum: 1, maximum: 100, default: 3 }),
}))

/**
 * How one kind of game is installed, started, watched, spoken to and stopped. Plain JSON: a master sends it to its
 * slaves. What the schema cannot say (two keys that exclude each other, placeholders, regexes) is in `semantics.ts`;
 * keys with a default are filled in when a template is read. `docs/reference/templates.md` is the reference of the format.
 */
export const Template = closed({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  description: Type.Optional(Text()),
  program: ProgramSchema,
  args: Type.Optional(Type.Array(ArgumentSchema, { maxItems: 128 })),
  shell: Type.Optional(Type.String({ minLength: 1, maxLength: 16_384 })),
  cwd: Type.Optional(Text(1024)),
  env: Type.Optional(named('^[A-Za-z_][A-Za-z0-9_]{0,127}$', Text(), 64)),
  terminal: Type.Boolean({ default: false }),
  variables: Type.Optional(named(NAME, VariableSchema, 128)),
  ports: Type.Optional(named(NAME, PortSchema, 16)),
  files: Type.Optional(Type.Array(FileSchema, { maxItems: 64 })),
  prepare: Type.Optional(Type.Array(PrepareSchema, { maxItems: 8 })),
  ready: Type.Optional(ReadySchema),
  save: Type.Optional(SaveSchema),
  stop: StopSchema,
  console: ConsoleSchema,
  events: Type.Optional(EventsSchema),
  health: Type.Optional(HealthSchema),
})

export type Template = Static<typeof Template>
export type TemplateArgument = Static<typeof ArgumentSchema>
