import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf } from '../link/define.ts'

/** Another part of the same plugin, spoken to in the plugin's messages. */
export interface Peer {
  /**
   * Asks and gives the checked answer. Throws what was answered, `deadline`, `link_closed` or `slave_not_connected`
   * where nobody can be reached, and `unknown_type` for a message whose routes don't lead there.
   */
  send<D extends RequestDefinition>(definition: D, data: RequestOf<D>, options?: { readonly deadlineMs?: number }): Promise<ResponseOf<D>>
  /** Tells something; it is lost where nobody can be reached. */
  emit<D extends EventDefinition>(definition: D, data: EventOf<D>): void
}
