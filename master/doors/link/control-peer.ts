import type { LinkOwner } from '../../../lib/link/link.ts'
import type { Cluster } from '../../cluster.ts'
import type { Dispatcher } from '../../dispatcher.ts'
import type { Caller } from '../../services/access.ts'

/** What the master does with what one control sends. */
export function controlPeer(cluster: Cluster, dispatcher: Dispatcher, caller: Caller): LinkOwner {
  return {
    answer: (definition, request, link) => dispatcher.answer(definition, request, { caller, link }),
    accept: (definition, event) => {
      if (cluster.access.holds(caller, 'plugin.use')) cluster.pluginLink.accept(definition, event.data, { control: caller })
    },
    connected: (isConnected, link) => {
      if (isConnected) cluster.consoles.resumed(link)
    },
    closed: (_reason, link) => {
      cluster.consoles.leave(link)
      cluster.status.unsubscribe(link)
      cluster.pluginLink.controlClosed(link)
    },
  }
}
