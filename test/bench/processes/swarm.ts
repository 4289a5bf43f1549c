// A thousand slaves without games, in one process.
import { protocolVersion } from '../../../lib/link/handshake/shapes.ts'
import { LinkClient } from '../../../lib/link/client.ts'
import type { Link, LinkOwner } from '../../../lib/link/link.ts'
import { createInstance, instanceStateChanged, listInstances, setStatusSubscription, updateInstances } from '../../../lib/link/messages/instances.ts'
import type { Assignment } from '../../../lib/link/messages/instances.ts'
import { messages } from '../../../lib/link/messages/index.ts'
import { Registry } from '../../../lib/link/registry.ts'
import { answerCommands } from '../harness/answer-commands.ts'
import type { SlaveIdentity } from '../harness/cluster.ts'
import { inParallel } from '../harness/followers.ts'
import { connectControl, sampleState } from '../harness/peers.ts'

const registry = new Registry(Object.values(messages))
const atOnce = 50
const slaves: SimulatedSlave[] = []
let control: Link | undefined
let timer: NodeJS.Timeout | undefined
let told = 0
let sent = 0

class SimulatedSlave {
  readonly #client: LinkClient
  readonly #instances = new Map<number, Assignment>()
  readonly #id: number
  #players = 0

  constructor(url: string, { id, name, token }: SlaveIdentity) {
    this.#id = id
    const owner: LinkOwner = {
      answer: (definition, { data }) => {
        if (definition.type !== 'assign_instance') return Promise.resolve({})
        const { instance } = data.value as { instance: Assignment }
        this.#instances.set(instance.id, instance)
        return Promise.resolve({ state: this.#state() })
      },
      accept: () => {},
    }
    this.#client = new LinkClient({
      url, registry, owner,
      dialect: 'session',
      registration: { role: 'slave', id, name, token, agent: 'bench', version: protocolVersion },
      onLink: (link) => link.emit(updateInstances, {
        instances: [...this.#instances.values()].map((instance) => ({ instance, state: this.#state() })),
        draining: false,
        data_directory_id: `bench-${id}`,
      }),
    })
  }

  async connect(): Promise<void> {
    await this.#client.connect()
  }

  /** Tells the state of one of its instances, as when a player joins. */
  tellOne(turn: number): void {
    const ids = [...this.#instances.keys()]
    const id = ids[turn % ids.length]
    this.#players += 1
    if (id !== undefined) this.#client.link?.emit(instanceStateChanged, { instance_id: id, state: this.#state() })
  }

  #state(): typeof sampleState {
    return { ...sampleState, desired: 'running', status: 'running', run: 1, pid: 1_000 + this.#id, players: [`player-${this.#players}`] }
  }
}

answerCommands({
  async join({ url, token, identities }: { url: string; token: string; identities: readonly SlaveIdentity[] }) {
    control = await connectControl(url, 'session', token, { answer: () => Promise.reject(new Error('Nobody asks a control')), accept: () => { told += 1 } })
    for (const identity of identities) slaves.push(new SimulatedSlave(url, identity))
    const began = performance.now()
    await inParallel(slaves.length, atOnce, async (index) => slaves[index]?.connect())
    return { seconds: (performance.now() - began) / 1_000 }
  },

  /** Makes instances on each slave. */
  async fill({ identities, each }: { identities: readonly SlaveIdentity[]; each: number }) {
    const began = performance.now()
    await inParallel(identities.length * each, atOnce, async (index) => {
      const slaveId = identities[index % identities.length]?.id
      if (slaveId !== undefined) await control?.send(createInstance, { name: `game-${index}`, template: 'sample', slave_id: slaveId })
    })
    return { seconds: (performance.now() - began) / 1_000 }
  },

  /** From now on so many states are told each second, to the master and by it to one control. */
  async flow({ perSecond }: { perSecond: number }) {
    await control?.send(setStatusSubscription, { enabled: true })
    told = 0
    sent = 0
    const began = performance.now()
    timer = setInterval(() => {
      for (const due = ((performance.now() - began) * perSecond) / 1_000; sent < due; sent += 1) {
        slaves[sent % slaves.length]?.tellOne(Math.floor(sent / slaves.length))
      }
    }, 20)
  },

  stopFlow() {
    clearInterval(timer)
    return { sent, told }
  },

  /** How long the list of all instances takes, and how many bytes it has. */
  async list() {
    const began = performance.now()
    const { list } = await control?.send(listInstances, {}) ?? { list: [] }
    return { ms: performance.now() - began, count: list.length, bytes: JSON.stringify(list).length, running: list.filter(({ status }) => status === 'running').length }
  },
})
