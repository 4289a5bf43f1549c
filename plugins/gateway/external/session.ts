import type { Client } from '../client.ts'
import type { ClientRequest } from '../wire/read.ts'

/** A request that a provider has yet to answer. */
export interface OpenRequest {
  readonly session: Session
  readonly request: ClientRequest
  readonly deadlineAt: number
}

/** What one client is to one provider. */
export class Session {
  readonly client: Client
  state: 'connecting' | 'connected' | 'closed' = 'closed'
  /** The provider has said that the client is connected, and was not told since that it is gone. */
  isKnownThere = false
  /** The client identifier as JSON, from a successful verification. */
  identifier: string | undefined
  /** Requests that wait for a connect to be answered, in order. */
  held: ClientRequest[] = []
  /** In the order of asking. */
  readonly open = new Set<OpenRequest>()

  constructor(client: Client) {
    this.client = client
  }

  /** The oldest open request of a kind and id; of the kind alone where the provider repeats no id. */
  find(subtype: number, idKey: string | undefined): OpenRequest | undefined {
    let oldest: OpenRequest | undefined
    for (const item of this.open) {
      if (item.request.subtype !== subtype) continue
      if (idKey === undefined || item.request.idKey === idKey) return item
      if (hasId(item.request, idKey)) oldest ??= item
    }
    return oldest
  }
}

/** Whether an answer with this id may be for a request; null is what some programs repeat of a request without one. */
export function hasId(request: { readonly idKey: string | undefined }, idKey: string | undefined): boolean {
  return idKey === undefined || idKey === 'null' || request.idKey === idKey
}
