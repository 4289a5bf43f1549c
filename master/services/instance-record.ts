import type { InstanceConfig, InstanceState } from '../../lib/link/messages/instances.ts'
import { heldAlsoBy, isSamePlace } from './holders.ts'
import type { Holder, Place } from './holders.ts'

/** A request that has an idempotency key. */
export interface Origin {
  /** Of its sender and the key, so that the keys of others are none of his. */
  readonly key: string
  /** Tells it from another with the same key. */
  readonly request: string
}

export interface InstanceRecord extends InstanceConfig {
  /** Desired state as its slave last told. */
  readonly desired: InstanceState['desired']
  /** The request that made it, where that had an idempotency key. */
  readonly created_with: Origin | null
  /** Slaves that had it before this one and have its data still; none in records of old versions. */
  readonly former_slaves?: readonly Holder[]
}

/** The slave that has an instance. */
export function placeOf({ slave_id: slaveId }: Pick<InstanceRecord, 'slave_id'>): Place | undefined {
  return slaveId === null ? undefined : { slave_id: slaveId }
}

type FindSlave = (slaveId: number) => Pick<Place, 'data_directory_id'> | undefined

/** All slaves that have an instance's data: its own, and those that had it before. */
export function holdersOf({ slave_id: slaveId, name, former_slaves: former = [] }: InstanceRecord, slaveOf: FindSlave): Holder[] {
  return slaveId === null ? [...former] : heldAlsoBy(former, { slave_id: slaveId, data_directory_id: slaveOf(slaveId)?.data_directory_id }, name)
}

/** An instance as another slave gets it; the one that had it keeps its data. */
export function movedTo(record: InstanceRecord, slaveId: number, slaveOf: FindSlave): InstanceRecord {
  if (record.slave_id === slaveId) return record
  const next: Place = { slave_id: slaveId, data_directory_id: slaveOf(slaveId)?.data_directory_id }
  return { ...record, slave_id: slaveId, former_slaves: holdersOf(record, slaveOf).filter((holder) => !isSamePlace(holder, next)) }
}
