import type { LinkOwner } from '../../../lib/link/link.ts'
import type { Cluster } from '../../cluster.ts'
import type { Dispatcher } from '../../dispatcher.ts'
import type { Caller } from '../../services/tokens.ts'

/** What the master does with what one control sends. */
export function controlPeer(cluster: Cluster, dispatcher: Dispatcher, caller: Caller, onClosed: () => void): LinkOwner {
  return {
    answer: (definition, request, link) => dispatcher.answer(definition, request, { caller, link, key: request.key }),
    accept: () => {},
    connected: (isConnected, link) => {
      if (isConnected) cluster.consoles.resumed(link)
    },
    closed: (_reason, link) => {
      cluster.consoles.leave(link)
      cluster.status.unsubscribe(link)
      onClosed()
    },
  }
}
