import { ClusterError } from '../../lib/plugin.ts'
import type { InstanceInfo, MasterContext } from '../../lib/plugin.ts'
import { newMember } from './client.ts'
import type { Client, Member } from './client.ts'
import type { Group } from './groups.ts'
import type { Hall } from './hall.ts'
import { message } from './wire/encode.ts'

/** How the names of the instances' groups begin. */
export const instancePrefix = 'instance_'

/** Console lines of one client that may be on their way at once. */
const maxCommandsInFlight = 64

interface Peer {
  readonly instanceId: number
  readonly member: Member
  readonly group: Group
  /** What was last told of its state. */
  told: string
}

type Context = Pick<MasterContext<unknown>, 'cluster' | 'on'>

/** The cluster's instances as peers: each has its name here, takes console lines and tells a group what happens in it. */
export class Instances {
  readonly #cluster: Context['cluster']
  readonly #hall: Hall
  readonly #peers = new Map<number, Peer>()
  readonly #names = new Set<string>()

  constructor({ cluster, on }: Context, hall: Hall) {
    this.#cluster = cluster
    this.#hall = hall
    for (const instance of cluster.instances()) this.#update(instance)
    on('instance_changed', ({ instance }) => this.#update(instance))
    on('instance_deleted', ({ instanceId }) => this.#remove(instanceId))
    on('player_joined', ({ instance, player }) => this.#tell(instance.id, { event: 'player_joined', player }))
    on('player_left', ({ instance, player }) => this.#tell(instance.id, { event: 'player_left', player }))
    on('chat', ({ instance, player, text }) => this.#tell(instance.id, { event: 'chat', player, text }))
  }

  /** Whether an instance is called so, be the name a client's here or not. */
  isCalled(name: string): boolean {
    return this.#names.has(name)
  }

  /** A name has become free: the instance that is called so takes it. */
  nameFreed(name: string): void {
    for (const { member } of this.#peers.values()) if (member.name === name) this.#hall.roster.claim(member)
  }

  /**
   * Sends a line to an instance's console with the rights of the client's token. `data` is a JSON text: the line, or an
   * object with it as `command`. Throws `malformed`, `forbidden`, `overloaded`, and as `send_rcon` does.
   */
  async command(client: Client, uuid: string, data: string): Promise<void> {
    const peer = [...this.#peers.values()].find(({ member }) => member.uuid === uuid)
    if (!peer) throw new ClusterError('not_found', 'There is no such instance')
    const command = lineOf(data)
    if (!client.principal) {
      throw new ClusterError('forbidden', 'Only clients that gave a token of the cluster as their secret can send lines to instances')
    }
    if (client.commandsInFlight >= maxCommandsInFlight) {
      throw new ClusterError('overloaded', `${maxCommandsInFlight} lines are on their way already; wait for their answers`)
    }
    client.commandsInFlight += 1
    try {
      await this.#cluster.request('send_rcon', { instance_id: peer.instanceId, command }, client.principal)
    } finally {
      client.commandsInFlight -= 1
    }
  }

  #update(instance: InstanceInfo): void {
    const present = this.#peers.get(instance.id)
    if (present && present.member.name !== instance.name) this.#remove(instance.id)
    const state = { event: 'status', status: instance.status, players: instance.players }
    const text = JSON.stringify(state)
    const peer = this.#peers.get(instance.id)
    if (!peer) {
      this.#add(instance, text)
    } else if (peer.told !== text) {
      peer.told = text
      this.#tell(instance.id, state)
    }
  }

  #add({ id, name, template }: InstanceInfo, told: string): void {
    const { roster, groups } = this.#hall
    const member = newMember({ name, nickname: null, tags: ['instance', template] })
    this.#names.add(name)
    // A client that has the name keeps it; until it goes the instance is known by its UUID only.
    roster.claim(member)
    roster.join(member)
    this.#peers.set(id, { instanceId: id, member, told, group: groups.create(instancePrefix + name, null) })
  }

  #remove(instanceId: number): void {
    const peer = this.#peers.get(instanceId)
    if (!peer) return
    const { roster, groups } = this.#hall
    this.#peers.delete(instanceId)
    this.#names.delete(peer.member.name)
    roster.remove(peer.member)
    groups.delete(peer.group)
    roster.announceLeft(peer.member)
  }

  #tell(instanceId: number, event: object): void {
    const peer = this.#peers.get(instanceId)
    if (!peer) return
    const { member, group } = peer
    this.#hall.groups.publish(group, () => (
      message(member.fields, `{${group.fields}}`, { type: 'GROUP', group: group.name }, JSON.stringify(event))
    ))
  }
}

function lineOf(data: string): string {
  const value: unknown = JSON.parse(data)
  if (typeof value === 'string') return value
  const command: unknown = typeof value === 'object' && value !== null && 'command' in value ? value.command : undefined
  if (typeof command === 'string') return command
  throw new ClusterError('malformed', '"data" for an instance is a console line, or {"command": LINE}')
}
