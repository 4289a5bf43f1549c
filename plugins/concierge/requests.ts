import { ClusterError } from '../../lib/plugin.ts'
import type { Logger, Pressure } from '../../lib/plugin.ts'
import { Client } from './client.ts'
import type { Group } from './groups.ts'
import type { Hall } from './hall.ts'
import { instancePrefix } from './instances.ts'
import type { Instances } from './instances.ts'
import type { Dialect } from './wire/dialect.ts'
import { members, message, objects, result, status } from './wire/encode.ts'
import { readRequest } from './wire/payload.ts'
import type { NamedRequest, RequestPayload } from './wire/payload.ts'

const fullText = 'You have too many groups and subscriptions, or all clients together have'

/** Groups of one client; their number would otherwise be bounded by its patience only. */
const maxOwnedGroups = 1_000

interface RequestParts {
  readonly hall: Hall
  readonly dialect: Dialect
  readonly pressure: Pressure<Client>
  readonly instances: Instances | undefined
  readonly log: Logger
  readonly countMessage: () => void
  /** A larger list of clients is not sent. */
  readonly maxListBytes: number
}

type MessagePayload = Extract<RequestPayload, { type: 'MESSAGE' }>

/** Answers what clients ask for once they have identified themselves. */
export class Requests {
  readonly #parts: RequestParts

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  /** Handles one text frame. What can't be read is answered with PROTOCOL, and the connection goes on. */
  handle(client: Client, text: string): void {
    const seq = client.nextSeq()
    try {
      this.#answer(client, readRequest(text), seq)
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== 'malformed') throw error
      this.#status(client, 'PROTOCOL', { desc: error.message }, seq)
    }
    // Who asks faster than he reads waits, too.
    this.#parts.pressure.published(client.connection, 1, (receiver) => receiver === client)
  }

  #answer(client: Client, payload: ReturnType<typeof readRequest>, seq: number): void {
    switch (payload.type) {
      case 'unsupported': return this.#status(client, this.#parts.dialect.unsupported, {}, seq)
      case 'MESSAGE': return this.#relay(client, payload, seq)
      case 'GROUP_CREATE': return this.#create(client, payload, seq)
      case 'GROUP_FETCH_ALL':
      case 'CLIENT_FETCH_ALL':
      case 'SELF_FETCH': return this.#list(client, payload.type, seq)
      default: {
        const group = this.#parts.hall.groups.find(payload.name)
        if (group && !(payload.type === 'GROUP_DELETE' && group.ownerUuid !== client.uuid)) this.#onGroup(client, payload.type, group, seq)
        else this.#status(client, 'NO_SUCH_GROUP', { group: payload.name, name: payload.name }, seq)
      }
    }
  }

  #onGroup(client: Client, type: NamedRequest['type'], group: Group, seq: number): void {
    const { hall: { groups, roster }, dialect } = this.#parts
    switch (type) {
      case 'SELF_SUBSCRIBE':
        if (!groups.subscribe(group, client)) return this.#status(client, 'BAD', { desc: `${fullText}; unsubscribe from another first` }, seq)
        return roster.send(client, () => status(dialect.subscribed, group.fields, seq))
      case 'SELF_UNSUBSCRIBE':
        groups.unsubscribe(group, client)
        return roster.send(client, () => status(dialect.unsubscribed, group.fields, seq))
      case 'GROUP_FETCH':
        return roster.send(client, () => result('GROUP_FETCH_RESULT', group.fields, seq))
      case 'GROUP_DELETE': {
        const { fields } = group
        groups.delete(group, client)
        return roster.send(client, () => status('GROUP_DELETED', fields, seq))
      }
    }
  }

  #create(client: Client, { name, nickname }: Extract<RequestPayload, { type: 'GROUP_CREATE' }>, seq: number): void {
    const { hall: { groups, roster }, instances } = this.#parts
    const present = groups.find(name)
    if (present) return roster.send(client, () => status('GROUP_ALREADY_CREATED', present.fields, seq))
    if (instances && name.startsWith(instancePrefix)) {
      return this.#status(client, 'BAD', { desc: `Names that begin with ${instancePrefix} are kept for the cluster's instances` }, seq)
    }
    if (client.ownedGroups.size >= maxOwnedGroups) {
      return this.#status(client, 'BAD', { desc: `One client can have ${maxOwnedGroups} groups; delete one first` }, seq)
    }
    const group = groups.createFor(client, name, nickname)
    if (!group) return this.#status(client, 'BAD', { desc: `${fullText}; delete one first` }, seq)
    roster.send(client, () => status('GROUP_CREATED', group.fields, seq))
  }

  #list(client: Client, type: 'GROUP_FETCH_ALL' | 'CLIENT_FETCH_ALL' | 'SELF_FETCH', seq: number): void {
    const { hall: { groups, roster }, dialect, maxListBytes } = this.#parts
    switch (type) {
      case 'GROUP_FETCH_ALL': return roster.sendList(client, 'GROUP_FETCH_ALL_RESULT', 'groups', groups.encoded, seq)
      case 'CLIENT_FETCH_ALL':
        if (roster.encodedBytes > maxListBytes) return this.#status(client, 'BAD', { desc: 'There are too many clients for a list' }, seq)
        return roster.sendList(client, 'CLIENT_FETCH_ALL_RESULT', 'clients', roster.encoded, seq)
      case 'SELF_FETCH': return roster.send(client, () => {
        const subscriptions = groups.subscriptionsOf(client)
        const listed = dialect.subscriptions === 'names' ? JSON.stringify(subscriptions.map(({ name }) => name)) : objects(subscriptions)
        return result('SELF_FETCH_RESULT', `${client.fields},"subscriptions":${listed}`, seq)
      })
    }
  }

  #relay(client: Client, payload: MessagePayload, seq: number): void {
    const { hall: { groups, roster }, pressure, countMessage, instances } = this.#parts
    const { target, data } = payload
    const text = (group: string) => message(client.fields, group, target, data)
    switch (target.type) {
      case 'NAME':
      case 'UUID': {
        const receiver = target.type === 'NAME' ? roster.byName(target.name) : roster.byUuid(target.uuid)
        if (!receiver) {
          return target.type === 'NAME'
            ? this.#status(client, 'NO_SUCH_NAME', { name: target.name }, seq)
            : this.#status(client, 'NO_SUCH_UUID', { uuid: target.uuid }, seq)
        }
        if (!(receiver instanceof Client)) return this.#command(client, receiver.uuid, data, seq)
        // Only who may send lines to instances can have meant one, and its lines are for nobody else to read.
        if (target.type === 'NAME' && client.principal && instances?.isCalled(target.name)) {
          return this.#status(client, 'BAD', { desc: 'A client and an instance have this name; name the one that you mean by its UUID' }, seq)
        }
        roster.send(receiver, () => text('null'))
        pressure.published(client.connection, 1, (congested) => congested === receiver)
        break
      }
      case 'GROUP': {
        const group = groups.find(target.group)
        if (!group) return this.#status(client, 'NO_SUCH_GROUP', { group: target.group, name: target.group }, seq)
        const count = groups.publish(group, () => text(`{${group.fields}}`))
        pressure.published(client.connection, count, (receiver) => groups.isSubscribed(group, receiver))
        break
      }
      case 'ALL':
        pressure.published(client.connection, roster.broadcast(() => text('null')), () => true)
    }
    countMessage()
    this.#status(client, 'MESSAGE_SENT', {}, seq)
  }

  /** Data for an instance is a line for its console; the answer comes when the game can read it. */
  #command(client: Client, instanceUuid: string, data: string, seq: number): void {
    const { instances, countMessage, log } = this.#parts
    const sent = instances?.command(client, instanceUuid, data) ?? Promise.reject(new ClusterError('not_found', 'There is no such instance'))
    sent.then(() => {
      countMessage()
      this.#status(client, 'MESSAGE_SENT', {}, seq)
    }, (error: unknown) => {
      const known = ClusterError.from(error)
      if (known.code === 'internal') log.error('A console line could not be passed on', { error: error instanceof Error ? error.stack : known.message })
      if (known.code === 'malformed') this.#status(client, 'PROTOCOL', { desc: known.message }, seq)
      else this.#status(client, 'BAD', { desc: known.message }, seq)
    })
  }

  #status(client: Client, code: string, fields: object, seq: number): void {
    this.#parts.hall.roster.send(client, () => status(code, members(fields), seq))
  }
}
