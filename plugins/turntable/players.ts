import type { InstanceInfo, Presence } from '../../lib/plugin.ts'
import type { Peers } from './peers.ts'
import { isName } from './names.ts'

/**
 * Players of the cluster's games are busy users. What a game says of its players is what counts: while its slave is away
 * nothing is said, and nobody leaves.
 */
export class Players {
  readonly #template: string
  readonly #presence: Presence
  readonly #peers: Peers
  /** User ids of the players by instance and player name. */
  readonly #instances = new Map<number, Map<string, string>>()
  readonly #games = new Map<string, number>()

  constructor(template: string, presence: Presence, peers: Peers) {
    this.#template = template
    this.#presence = presence
    this.#peers = peers
  }

  /** Takes over who plays in an instance. */
  sync(instance: InstanceInfo): void {
    if (instance.status === 'unknown') return
    const present = new Set(instance.players)
    for (const player of this.#playersOf(instance.id)) {
      if (!present.has(player)) this.left(instance.id, player)
    }
    for (const player of present) this.joined(instance, player)
  }

  joined({ id, name }: Pick<InstanceInfo, 'id' | 'name'>, player: string): void {
    const user = this.#template.replaceAll(/\{(player|instance)\}/g, (_whole, field: string) => (field === 'player' ? player : name))
    if (!isName(user)) return
    const players = this.#instances.get(id) ?? new Map<string, string>()
    if (players.has(player)) return
    this.#instances.set(id, players.set(player, user))
    const games = (this.#games.get(user) ?? 0) + 1
    this.#games.set(user, games)
    this.#presence.setBusy(user, sourceOf(id, player), true)
    if (games === 1) this.#peers.of(user)?.report(user, true)
  }

  left(instanceId: number, player: string): void {
    const players = this.#instances.get(instanceId)
    const user = players?.get(player)
    if (!players || user === undefined) return
    players.delete(player)
    if (players.size === 0) this.#instances.delete(instanceId)
    this.#presence.clearBusy(user, sourceOf(instanceId, player))
    const games = (this.#games.get(user) ?? 1) - 1
    if (games > 0) {
      this.#games.set(user, games)
    } else {
      this.#games.delete(user)
      this.#peers.of(user)?.report(user, false)
    }
  }

  /** All players of an instance have gone, or of every instance. */
  clear(instanceId?: number): void {
    for (const id of instanceId === undefined ? [...this.#instances.keys()] : [instanceId]) {
      for (const player of this.#playersOf(id)) this.left(id, player)
    }
  }

  /** A copy, for players leave while it is gone through. */
  #playersOf(instanceId: number): string[] {
    return [...(this.#instances.get(instanceId)?.keys() ?? [])]
  }
}

function sourceOf(instanceId: number, player: string): string {
  return `turntable:player:${instanceId}:${player}`
}
