import { Type } from '@sinclair/typebox'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { defaultChannelSettings } from '../../lib/link/channel.ts'
import type { ChannelSettings } from '../../lib/link/channel.ts'
import { defineEvent, defineRequest } from '../../lib/link/define.ts'
import { protocolVersion } from '../../lib/link/handshake/shapes.ts'
import type { Registration } from '../../lib/link/handshake/shapes.ts'
import type { LinkObserver } from '../../lib/link/link.ts'
import { Registry } from '../../lib/link/registry.ts'

const strict = { additionalProperties: false }
const Numbered = Type.Object({ n: Type.Integer() }, strict)
const Extended = Type.Object({ n: Type.Integer(), extra: Type.Optional(Type.String()) }, strict)

interface Extended {
  n: number
  extra?: string
}

/** A request that travels every way; the base dialect shows it without `extra`. */
export const echo = defineRequest({
  type: 'echo',
  summary: 'Answers with the number that it was sent.',
  routes: ['control-master', 'slave-master', 'master-slave'],
  permission: 'console.read',
  request: Extended,
  response: Extended,
  base: {
    request: { schema: Numbered, encode: ({ n }: Extended) => ({ n }), decode: ({ n }: Extended) => ({ n }) },
    response: { schema: Numbered, encode: ({ n }: Extended) => ({ n }), decode: ({ n }: Extended) => ({ n }) },
  },
})

/** A request that the base dialect does not show. */
export const hidden = defineRequest({
  type: 'hidden',
  summary: 'Only for the session dialect.',
  routes: ['control-master', 'slave-master', 'master-slave'],
  permission: 'console.read',
  request: Numbered,
  response: Numbered,
})

/** An event that is kept for a resume. */
export const note = defineEvent({
  type: 'note',
  summary: 'A number.',
  routes: ['slave-master', 'master-slave', 'master-control'],
  data: Numbered,
  base: { schema: Numbered, encode: ({ n }: Extended) => ({ n }), decode: ({ n }: Extended) => ({ n }) },
})

/** An event that is not. */
export const pulse = defineEvent({
  type: 'pulse',
  summary: 'A number for whoever is there.',
  routes: ['slave-master', 'master-slave'],
  isVolatile: true,
  data: Numbered,
  base: { schema: Numbered, encode: ({ n }: Extended) => ({ n }), decode: ({ n }: Extended) => ({ n }) },
})

export function testRegistry(): Registry {
  return new Registry([echo, hidden, note, pulse])
}

/** Settings under which nothing happens by time unless a test says so. */
export function channelSettings(overrides: Partial<ChannelSettings> = {}): ChannelSettings {
  return { ...defaultChannelSettings, ackDelayMs: 5, ...overrides }
}

export const slaveRegistration: Registration = { role: 'slave', token: 'good', agent: 'test', version: protocolVersion, id: 1, name: 'one' }
export const controlRegistration: Registration = { role: 'control', token: 'good', agent: 'test', version: protocolVersion }

/** Lets in whoever has the token "good". */
export function authenticateGood({ token }: Registration): string {
  if (token !== 'good') throw new ClusterError('unauthenticated', 'The token is unknown')
  return token
}

/** An observer that remembers what it was told. */
export class RecordingObserver implements LinkObserver {
  readonly answers: Array<[type: string, result: string]> = []
  readonly failures: Array<[what: string, error: unknown]> = []
  readonly unknown: string[] = []

  answered(type: string, result: string): void {
    this.answers.push([type, result])
  }

  event(): void {}

  unknownEvent(type: string): void {
    this.unknown.push(type)
  }

  failed(what: string, error: unknown): void {
    this.failures.push([what, error])
  }
}
