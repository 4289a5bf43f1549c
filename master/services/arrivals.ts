import { ClusterError } from '../../lib/errors/cluster-error.ts'

/** Instances that are being given to slaves, and are not on record there yet. */
export class Arrivals {
  readonly #underWay = new Map<number, Set<Promise<unknown>>>()
  readonly #leaving = new Set<number>()

  /** How many are on their way to a slave. */
  count(slaveId: number): number {
    return this.#underWay.get(slaveId)?.size ?? 0
  }

  /** Puts an instance on record at a slave, or at none. Throws `wrong_state` while the slave is being removed, and what `put` throws. */
  async arrive<T>(slaveId: number | null, put: () => Promise<T>): Promise<T> {
    if (slaveId === null) return put()
    if (this.#leaving.has(slaveId)) throw new ClusterError('wrong_state', `Slave ${slaveId} is being removed from the cluster; choose another`)
    const arrival = put()
    const underWay = this.#underWay.get(slaveId) ?? new Set()
    this.#underWay.set(slaveId, underWay.add(arrival))
    try {
      return await arrival
    } finally {
      underWay.delete(arrival)
      if (underWay.size === 0) this.#underWay.delete(slaveId)
    }
  }

  /** Removes a slave once all that is on its way there is on record; nothing more arrives meanwhile. Throws what `remove` throws. */
  async leave<T>(slaveId: number, remove: () => Promise<T>): Promise<T> {
    if (this.#leaving.has(slaveId)) throw new ClusterError('wrong_state', `Slave ${slaveId} is being removed already`)
    this.#leaving.add(slaveId)
    try {
      const underWay = this.#underWay.get(slaveId)
      if (underWay) await Promise.allSettled(underWay)
      return await remove()
    } finally {
      this.#leaving.delete(slaveId)
    }
  }
}
