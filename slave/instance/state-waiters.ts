import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { InstanceStatus } from '../../lib/link/messages/shapes.ts'

interface Waiter {
  readonly want: 'running' | 'stopped'
  resolve(status: InstanceStatus): void
  reject(error: ClusterError): void
}

/** Requests that are answered when an instance has reached a state; their link's deadline ends the wait otherwise. */
export class StateWaiters {
  readonly #waiters = new Set<Waiter>()

  wait(want: 'running' | 'stopped'): Promise<InstanceStatus> {
    return new Promise((resolve, reject) => this.#waiters.add({ want, resolve, reject }))
  }

  reached(status: InstanceStatus): void {
    for (const waiter of this.#waiters) {
      if (waiter.want !== status) continue
      this.#waiters.delete(waiter)
      waiter.resolve(status)
    }
  }

  /** Ends all waits for a state that won't come, such as `running` when it has crashed. */
  fail(want: Waiter['want'], error: ClusterError): void {
    for (const waiter of this.#waiters) {
      if (waiter.want !== want) continue
      this.#waiters.delete(waiter)
      waiter.reject(error)
    }
  }
}
