import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Cleanups } from './cleanups.ts'
import { eventually } from './eventually.ts'
import { ForeignPeer } from './foreign-peer.ts'

export interface ConfigGroup { readonly name: string; readonly fields: Record<string, unknown> }
export interface SerializedConfig { readonly groups: readonly ConfigGroup[] }

interface ForeignInstance { groups: ConfigGroup[] }
type Data = Record<string, unknown>

export interface ForeignMasterOptions {
  readonly port?: number
  /** Answers this request of controls instead of the master itself. */
  readonly answer?: (type: string, data: Data) => object | Promise<object> | undefined
}

/**
 * A master of the same protocol by other makers, with a cluster in memory: controls and slaves work together through
 * it as through a real one. Nothing of it is ours, so that it agrees with the page and not with our code.
 */
export class ForeignMaster {
  /** All connections there ever were, oldest first. */
  readonly peers: ForeignPeer[] = []
  readonly instances = new Map<number, ForeignInstance>()
  token = 'foreign-token'
  port = 0
  readonly #options: ForeignMasterOptions
  readonly #subscriptions = new Map<ForeignPeer, ReadonlySet<unknown>>()
  #server: Server | undefined

  private constructor(options: ForeignMasterOptions) {
    this.#options = options
  }

  static async start(cleanups: Cleanups, options: ForeignMasterOptions = {}): Promise<ForeignMaster> {
    const master = new ForeignMaster(options)
    await master.listen(options.port)
    cleanups.add(() => master.stop())
    return master
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What peers did that the page does not allow. */
  get faults(): string[] {
    return this.peers.flatMap(({ fault, wire }) => (fault === undefined ? [] : [`${fault}: ${wire.at(-2)}`]))
  }

  /** Listens, for the first time or again on the port that it had. */
  async listen(port = this.port): Promise<void> {
    const server = createServer((_request, response) => response.writeHead(404).end())
    const sockets = new WebSocketServer({ server, path: '/api/socket', perMessageDeflate: false })
    sockets.on('connection', (socket) => this.peers.push(new ForeignPeer(socket, {
      accepts: (token) => token === this.token,
      registered: (peer) => this.#registered(peer),
      answer: async (peer, type, data) => this.#options.answer?.(type, data) ?? this.#answer(peer, type, data),
      event: (_peer, type, data) => this.#event(type, data),
      ended: (peer) => this.#subscriptions.delete(peer),
    })))
    server.listen({ port, host: '127.0.0.1' })
    await once(server, 'listening')
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /** Ends as a killed process does. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.cut()
    if (!server) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  /** Breaks all connections without a word. */
  cut(): void {
    for (const peer of this.peers) peer.terminate()
  }

  slave(id: number): ForeignPeer | undefined {
    return this.peers.findLast((peer) => peer.isOpen && peer.role === 'slave' && peer.id === id)
  }

  /** The slave once it is connected and has told what it has; `after` is an earlier connection of it. */
  untilSlave(id: number, after?: ForeignPeer): Promise<ForeignPeer> {
    return eventually(() => {
      const peer = this.slave(id)
      if (!peer || peer === after || !peer.frames.some(({ type }) => type === 'update_instances_event')) throw new Error(`its faults are ${this.faults.join()}`)
      return peer
    }, { what: `Slave ${id} of the foreign master`, deadlineMs: 15_000 })
  }

  /** Puts an instance on record, and gives it to its slave if that is there. */
  async assign(slaveId: number, groups: readonly ConfigGroup[]): Promise<void> {
    const id = idOf(groups)
    this.instances.set(id, { groups: withField(groups, 'instance', 'assigned_slave', slaveId) })
    await this.slave(slaveId)?.ask('assign_instance', { instance_id: id, serialized_config: this.#configOf(id) })
  }

  #registered(peer: ForeignPeer): void {
    if (peer.role !== 'slave') return
    const before = this.peers.find((other) => other !== peer && other.isOpen && other.role === 'slave' && other.id === peer.id)
    before?.close('Registered from another connection')
  }

  #event(type: string, data: Data): void {
    if (type === 'update_instances') void this.#adopt(data.instances as Array<{ serialized_config: SerializedConfig }>)
    for (const [control, ids] of this.#subscriptions) {
      if (type === 'instance_output' && ids.has(data.instance_id)) control.send('instance_output_event', data)
    }
  }

  /** A slave told what it has: unknown instances are adopted, and it gets those that are assigned to it. */
  async #adopt(brought: ReadonlyArray<{ serialized_config: SerializedConfig }>): Promise<void> {
    const slave = this.peers.findLast(({ isOpen, role }) => isOpen && role === 'slave')
    for (const { serialized_config: { groups } } of brought) {
      if (!this.instances.has(idOf(groups))) this.instances.set(idOf(groups), { groups: withField(groups, 'instance', 'assigned_slave', slave?.id) })
    }
    for (const [id, { groups }] of this.instances) {
      if (slave && fieldOf(groups, 'assigned_slave') === slave.id) await slave.ask('assign_instance', { instance_id: id, serialized_config: this.#configOf(id) }).catch(() => {})
    }
  }

  #configOf(id: number): SerializedConfig {
    const instance = this.instances.get(id)
    if (!instance) throw new Error(`Instance with ID ${id} does not exist`)
    return { groups: instance.groups }
  }

  async #answer(peer: ForeignPeer, type: string, data: Data): Promise<object> {
    const id = data.instance_id as number
    if (type === 'list_slaves') return { list: this.#slaves() }
    if (type === 'list_instances') {
      return { list: [...this.instances].map(([each, { groups }]) => ({ name: fieldOf(groups, 'name'), id: each, assigned_slave: fieldOf(groups, 'assigned_slave') })) }
    }
    if (type === 'set_instance_output_subscriptions') {
      this.#subscriptions.set(peer, new Set(data.instance_ids as number[]))
      return {}
    }
    if (type === 'create_instance') return this.#create((data.serialized_config as SerializedConfig).groups)
    const { groups } = this.#configOf(id)
    if (type === 'get_instance_config') return { serialized_config: { groups } }
    if (type === 'set_instance_config_field') return this.#setField(id, String(data.field), String(data.value))
    if (type === 'assign_instance_command') {
      if (!this.slave(data.slave_id as number)) throw new Error(`Slave with ID ${String(data.slave_id)} is not connected`)
      await this.assign(data.slave_id as number, groups)
      return {}
    }
    const answer = await this.#forward(groups, type, data)
    if (type === 'delete_instance') this.instances.delete(id)
    return answer
  }

  #slaves(): object[] {
    const latest = new Map(this.peers.filter(({ role }) => role === 'slave').map((peer) => [peer.id, peer]))
    return [...latest].map(([id, { registration: { agent, version, name }, isOpen }]) => ({ agent, version, name, id, connected: isOpen }))
  }

  #create(groups: readonly ConfigGroup[]): object {
    if (this.instances.has(idOf(groups))) throw new Error(`Instance with ID ${idOf(groups)} already exists`)
    this.instances.set(idOf(groups), { groups: [...groups] })
    return {}
  }

  async #setField(id: number, field: string, value: string): Promise<object> {
    const [group = '', ...rest] = field.split('.')
    const { groups } = this.#configOf(id)
    if (rest.length === 0 || !groups.some(({ name }) => name === group)) throw new Error(`No field named '${field}'`)
    this.instances.set(id, { groups: withField(groups, group, rest.join('.'), value === '' ? null : value) })
    const slaveId = fieldOf(groups, 'assigned_slave')
    if (typeof slaveId === 'number') await this.assign(slaveId, this.#configOf(id).groups)
    return {}
  }

  async #forward(groups: readonly ConfigGroup[], type: string, data: Data): Promise<object> {
    const slaveId = fieldOf(groups, 'assigned_slave')
    if (typeof slaveId !== 'number') throw new Error('Instance is not assigned to a slave')
    const slave = this.slave(slaveId)
    if (!slave) throw new Error('Slave containing instance is not connected')
    return slave.ask(type, data)
  }
}

function fieldOf(groups: readonly ConfigGroup[], field: string): unknown {
  return groups.find(({ name }) => name === 'instance')?.fields[field]
}

function idOf(groups: readonly ConfigGroup[]): number {
  return fieldOf(groups, 'id') as number
}

function withField(groups: readonly ConfigGroup[], group: string, field: string, value: unknown): ConfigGroup[] {
  return groups.map(({ name, fields }) => (name === group ? { name, fields: { ...fields, [field]: value } } : { name, fields }))
}
