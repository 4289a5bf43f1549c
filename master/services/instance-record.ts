import type { InstanceConfig, InstanceState } from '../../lib/link/messages/instances.ts'

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
}
