import { ClusterError } from '../../../lib/plugin.ts'
import type { ClusterView, InstanceInfo } from '../../../lib/plugin.ts'

/** What the services of the cluster offer, by number. */
export const Interface = { control: 1, console: 2, players: 3 } as const
export const Stream = { console: 1, status: 2, players: 3 } as const

export const interfaces = [
  { id: Interface.control, name: 'control', commands: ['start', 'stop', 'restart', 'status'] },
  { id: Interface.console, name: 'console', commands: ['send'] },
  { id: Interface.players, name: 'players', commands: ['list'] },
]

export const streams = [
  { id: Stream.console, name: 'console' },
  { id: Stream.status, name: 'status' },
  { id: Stream.players, name: 'players' },
]

/** The permission that a stream needs, for as long as it flows. */
export const permissionOf = { [Stream.console]: 'console.read', [Stream.status]: 'instance.read', [Stream.players]: 'instance.read' } as const

/** A slave or an instance of the cluster. */
export interface Target {
  readonly kind: 'slave' | 'instance'
  /** Names it in the store. */
  readonly key: string
  readonly name: string
  readonly isOnline: boolean
  /** Instances that it stands for. */
  instances(): InstanceInfo[]
  /** What its streams `status` and `players` tell. */
  status(): readonly unknown[]
  players(): readonly unknown[]
  /** A console line as its stream has it. */
  line(instance: InstanceInfo, text: string): unknown
  /** The instance that a command is for, and its remaining arguments. Throws `malformed`. */
  aim(args: readonly unknown[]): { instance: InstanceInfo; rest: readonly unknown[] }
}

export function instanceTarget(cluster: ClusterView, instance: InstanceInfo, isOnline: boolean): Target {
  const now = (): InstanceInfo => cluster.instance(instance.id) ?? instance
  return {
    kind: 'instance', key: `instance:${instance.id}`, name: instance.name, isOnline,
    instances: () => [now()],
    status: () => [statusOf(now())],
    players: () => now().players,
    line: (_instance, text) => text,
    aim: (args) => ({ instance: now(), rest: args }),
  }
}

export function slaveTarget(cluster: ClusterView, slaveId: number, name: string, isOnline: boolean): Target {
  const instances = (): InstanceInfo[] => cluster.instances().filter(({ slave }) => slave === name)
  return {
    kind: 'slave', key: `slave:${slaveId}`, name, isOnline,
    instances,
    status: () => instances().map(statusOf),
    players: () => instances().map(({ name: instance, players }) => ({ instance, players })),
    line: ({ name: instance }, line) => ({ instance, line }),
    aim: ([wanted, ...rest]) => {
      const instance = instances().find(({ name: known }) => known === wanted)
      if (!instance) throw new ClusterError('malformed', 'The first argument names an instance of this slave')
      return { instance, rest }
    },
  }
}

function statusOf({ id, name, template, status, desired, run, problem, players }: InstanceInfo): object {
  return { id, name, template, status, desired, run, problem, players: players.length }
}
