import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import type { Dialect } from '../../../lib/link/channel.ts'
import type { Registration } from '../../../lib/link/handshake/shapes.ts'
import type { TokenPrincipal } from '../../../lib/plugin/cluster-view.ts'
import { retryOnConflict } from '../../../lib/store/retry-on-conflict.ts'
import type { Cluster } from '../../cluster.ts'
import type { TokenRecord } from '../../services/tokens.ts'

type SlaveRegistration = Extract<Registration, { role: 'slave' }>

/** How a slave is let in: at once, or once it is on record. */
export type Entry = TokenPrincipal | (() => Promise<TokenPrincipal>)

/**
 * Whom a slave's token lets in. Programs of other makes are configured with an id and a token, and can't fetch one for the
 * other: a join token makes the slave of the id that comes with it, and stays good for that slave and no other; an
 * administrator's is good for any that has none of its own. So nobody else's slave can be pushed out. Throws `unauthenticated`.
 */
export function slaveEntry(services: Pick<Cluster, 'tokens' | 'slaves'>, registration: SlaveRegistration, dialect: Dialect): Entry {
  const { tokens, slaves } = services
  const { id, token } = registration
  const own = dialect === 'base' ? tokens.find(joinedWith(token, id)) : undefined
  const found = own ?? tokens.authenticate(token)
  const slave = slaves.get(id)
  const caller = { tokenId: found.id }
  // Others may come with the same token, or the slave twice, at the same moment.
  const admit = async (lasting: string | undefined): Promise<TokenPrincipal> => {
    if (!slaves.get(id)) return slaves.admit(registration, caller, lasting)
    const entry = slaveEntry(services, registration, dialect)
    return typeof entry === 'function' ? entry() : entry
  }
  if (slave && found.slave_id === id) return caller
  if (dialect === 'base' && mayBringId(found)) {
    const lasting = found.role === 'join' ? joinedWith(token, id) : undefined
    if (!slave) return () => retryOnConflict(() => admit(lasting))
    const hasItsOwn = slave.data_directory_id || tokens.revocationsOf(id).length > 0
    if (found.role === 'admin' && !hasItsOwn) return caller
  }
  throw new ClusterError('unauthenticated', `This token is not that of slave ${id}; join the cluster again with \`slave join\``)
}

function mayBringId({ role }: TokenRecord): boolean {
  return role === 'join' || role === 'admin'
}

/** What a slave that joined with a shared token has for its own. */
function joinedWith(token: string, slaveId: number): string {
  return `${token} ${slaveId}`
}
