import type { InstanceState } from '../../lib/link/messages/instances.ts'
import { retryOnConflict } from '../../lib/store/retry-on-conflict.ts'
import type { Collection } from '../../lib/store/store.ts'
import type { InstanceRecord } from './instance-record.ts'

const unknownState: InstanceState = {
  desired: 'stopped', status: 'unknown', run: null, pid: null, ports: {}, started_at: null, players: [], last_exit: null, problem: null,
}

/** What slaves tell of their instances. What is wanted of each is also put on record, for the time when its slave is away. */
export class InstanceStates {
  readonly #instances: Collection<InstanceRecord>
  readonly #told = new Map<number, InstanceState>()

  constructor(instances: Collection<InstanceRecord>) {
    this.#instances = instances
  }

  /** What was last told, one and the same object until something else is. */
  told(instanceId: number): InstanceState | undefined {
    return this.#told.get(instanceId)
  }

  /** The state to show of an instance: what was last told while its slave is there, else what is on record. */
  shown({ id, ports, desired }: InstanceRecord, isSlaveThere: boolean): InstanceState {
    const told = this.#told.get(id)
    return told && isSlaveThere ? told : { ...unknownState, ports: told?.ports ?? ports, desired }
  }

  set(instanceId: number, state: InstanceState): void {
    this.#told.set(instanceId, state)
  }

  forget(instanceId: number): void {
    this.#told.delete(instanceId)
  }

  /** Resolves when what is wanted of an instance is on record. States may be told faster than they are written: the last one counts. */
  record(instanceId: number): Promise<void> {
    return retryOnConflict(async () => {
      for (;;) {
        const found = this.#instances.get(String(instanceId))
        const desired = this.#told.get(instanceId)?.desired
        if (!found || desired === undefined || found.value.desired === desired) return
        await this.#instances.put(found.id, { ...found.value, desired }, { expectedRevision: found.revision })
      }
    })
  }
}
