import { LinkClient } from '../../../lib/link/client.ts'
import type { Dialect } from '../../../lib/link/channel.ts'
import { protocolVersion } from '../../../lib/link/handshake/shapes.ts'
import type { Registration } from '../../../lib/link/handshake/shapes.ts'
import type { Link, LinkOwner } from '../../../lib/link/link.ts'
import { messages } from '../../../lib/link/messages/index.ts'
import { updateInstances } from '../../../lib/link/messages/instances.ts'
import type { InstanceState } from '../../../lib/link/messages/instances.ts'
import { Registry } from '../../../lib/link/registry.ts'
import type { SlaveIdentity } from './cluster.ts'

const agent = 'bench'
const version = protocolVersion
const nobody: LinkOwner = { answer: () => Promise.reject(new Error('Nobody asks a control')), accept: () => {} }

async function connect(url: string, dialect: Dialect, registration: Registration, owner: LinkOwner): Promise<Link> {
  const client = new LinkClient({ url, dialect, registration, owner, registry: new Registry(Object.values(messages)) })
  return client.connect()
}

export function connectControl(url: string, dialect: Dialect, token: string, owner = nobody): Promise<Link> {
  return connect(url, dialect, { role: 'control', token, agent, version }, owner)
}

export const sampleState: InstanceState = {
  desired: 'stopped', status: 'stopped', run: null, pid: null, ports: { game: 28_000 }, started_at: null, players: ['alice', 'bob'], last_exit: null, problem: null,
}

/** A slave without games: it takes what it is given, and answers a line for the console with `resultOf()`. */
export async function connectSlave(url: string, { id, name, token }: SlaveIdentity, resultOf: () => string): Promise<Link> {
  const link = await connect(url, 'session', { role: 'slave', token, agent, version, id, name }, {
    answer: (definition, request) => {
      // As a real slave does, it reads what it is asked.
      void request.data.value
      if (definition.type === 'send_rcon') return Promise.resolve({ result: resultOf() })
      return Promise.resolve(definition.type === 'assign_instance' ? { state: sampleState } : {})
    },
    accept: () => {},
  })
  link.emit(updateInstances, { instances: [], draining: false, data_directory_id: 'bench' })
  return link
}
