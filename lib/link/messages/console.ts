import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { defineEvent, defineRequest } from '../define.ts'
import { consoleLines } from './console-lines.ts'
import { ConsoleChunk, InstanceOutput } from './console-output.ts'
import { asItIs } from './projections.ts'
import { Empty, InstanceId, LastExit, nullable, RunNumber, strict, Timestamp } from './shapes.ts'

export { ConsoleChunk } from './console-output.ts'

export const maxReadBytes = 1_048_576
/** Most lines before the end that a read can begin at. */
export const maxTail = 1_000_000

export const readConsole = defineRequest({
  type: 'read_console',
  summary: 'A piece of what an instance has printed: from an offset, or its last lines.',
  routes: ['control-master', 'master-slave'],
  permission: 'console.read',
  forward: 'instance_id',
  request: strict({
    instance_id: InstanceId,
    run: Type.Optional(RunNumber),
    from: Type.Optional(Type.Integer({ minimum: 0 })),
    tail: Type.Optional(Type.Integer({ minimum: 0, maximum: maxTail, description: 'Begin this many lines before the end' })),
    max_bytes: Type.Optional(Type.Integer({ minimum: 1, maximum: maxReadBytes })),
  }),
  response: Type.Object({
    chunk: ConsoleChunk,
    head: Type.Integer({ description: 'First offset that is still kept' }),
    end: Type.Integer({ description: 'Bytes that the run has printed so far' }),
    exit: nullable(LastExit),
    next_run: nullable(RunNumber),
  }),
})

export const listRuns = defineRequest({
  type: 'list_runs',
  summary: 'The runs of an instance whose console is still kept.',
  routes: ['control-master', 'master-slave'],
  permission: 'console.read',
  forward: 'instance_id',
  request: strict({ instance_id: InstanceId }),
  response: Type.Object({
    runs: Type.Array(Type.Object({ run: RunNumber, started_at: nullable(Timestamp), head: Type.Integer(), end: Type.Integer(), exit: nullable(LastExit) })),
  }),
})

/** What a game's console takes: one line, short enough to be written whole. */
export const ConsoleLine = strict({ command: Type.String({ maxLength: 4_095, pattern: '^[^\\n\\r\\0]*$', 'x-must': 'be one line' }) })

const rconCommand = strict({ instance_id: InstanceId, command: Type.String() })

export const sendRcon = defineRequest({
  type: 'send_rcon',
  summary: 'Sends a line to the game\'s console. Answered when the game can read it; `result` is what came back, where the console tells.',
  routes: ['control-master', 'master-slave'],
  permission: 'console.send',
  isMutating: true,
  forward: 'instance_id',
  request: strict({
    instance_id: InstanceId,
    command: Type.String({ maxLength: 1_048_576, description: 'One line; slaves of other makes may take more than one' }),
    answer: Type.Optional(Type.Boolean({ description: 'Wait for what the game prints in answer, as long as its template says' })),
  }),
  response: Type.Object({ result: Type.String() }),
  base: {
    // Whoever asks in this dialect has nothing but the answer to know what came of it.
    request: { ...asItIs(rconCommand), decode: (request: Static<typeof rconCommand>) => ({ ...request, answer: true }) },
    response: asItIs(strict({ result: Type.String() })),
  },
})

const subscriptions = strict({ instance_ids: Type.Array(InstanceId, { maxItems: 100_000 }) })

export const setInstanceOutputSubscriptions = defineRequest({
  type: 'set_instance_output_subscriptions',
  summary: 'The instances whose output this connection gets from now on, instead of those named before.',
  routes: ['control-master', 'master-slave'],
  permission: 'console.read',
  isLinkOnly: true,
  request: subscriptions,
  response: Empty,
  // A slave of the base dialect sends all output, asked or not.
  base: { routes: ['control-master'], request: asItIs(subscriptions), response: asItIs(Empty) },
})

export const instanceOutput = defineEvent({
  type: 'instance_output',
  summary: 'What an instance printed just now, and how its run ended. Nothing is repeated: who finds an offset missing reads it with `read_console`.',
  routes: ['slave-master', 'master-control'],
  isVolatile: true,
  routeBy: 'instance_id',
  data: InstanceOutput,
  base: consoleLines,
})

export const instanceOutputCut = defineEvent({
  type: 'instance_output_cut',
  summary: 'Output was left out for this connection, because it was slow or the slave was away: read on from `offset` of `run`, or where they are null, from the last offset you have.',
  routes: ['master-control'],
  data: Type.Object({ instance_id: InstanceId, run: nullable(RunNumber), offset: nullable(Type.Integer()) }),
})

export const playerActivity = defineEvent({
  type: 'player_activity',
  summary: 'A player joined, left or spoke in a game.',
  routes: ['slave-master'],
  data: Type.Object({
    instance_id: InstanceId,
    kind: Type.Unsafe<'join' | 'leave' | 'chat'>({ enum: ['join', 'leave', 'chat'] }),
    player: Type.String(),
    text: Type.Optional(Type.String()),
  }),
})
