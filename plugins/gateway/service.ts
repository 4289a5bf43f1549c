import type { Client } from './client.ts'
import type { ClientRequest } from './wire/read.ts'
import type { ServiceInfo } from './wire/write.ts'

/** A service provider, as clients see it. */
export interface Service {
  readonly id: number
  readonly name: string
  readonly kind: ServiceInfo['kind']
  readonly isOnline: boolean
  /** Whether the client has connected to it, or waits to be. */
  has(client: Client): boolean
  /** Answers a request of any subtype but disconnect, now or later. */
  request(client: Client, request: ClientRequest): void
  /** The client disconnects, or is gone. */
  leave(client: Client): void
}
