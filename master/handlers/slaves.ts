import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { retryOnConflict } from '../../lib/store/retry-on-conflict.ts'
import type { Cluster } from '../cluster.ts'
import { tokenInfo } from '../services/tokens.ts'
import type { ControlHandlers } from './context.ts'

const defaultInviteS = 86_400

export function slaveHandlers({ slaves, instances, tokens, url }: Cluster) {
  return {
    list_slaves: () => ({ list: slaves.list().map((record) => slaves.info(record, instances.countOf(record.id))) }),

    remove_slave: async ({ slave_id: slaveId, force = false }) => {
      await instances.withoutArrivals(slaveId, async () => {
        const { name } = slaves.require(slaveId)
        const count = instances.countOf(slaveId)
        if (count > 0 && !force) {
          throw new ClusterError('conflict', `Slave ${name} has ${count} instance${count === 1 ? '' : 's'}; delete them first, or remove it with --force`)
        }
        await retryOnConflict(() => slaves.remove(slaveId, instances.deletions.ofSlave(slaveId)))
      })
      return {}
    },

    accept_data_directory: async ({ slave_id: slaveId }) => {
      await slaves.acceptDataDirectory(slaveId)
      return {}
    },

    create_join_token: async ({ expires_in_s: expiresInS = defaultInviteS, uses = 1 }, { origin }) => {
      const { token, record } = await tokens.create({ name: 'join', role: 'join', expiresInS, uses, createdWith: origin?.key })
      return { token, url, expires_at: tokenInfo(record).expires_at ?? '', uses }
    },

    create_slave_token: ({ slave_id: slaveId, name }) => slaves.createToken(slaveId, name),

    join_slave: ({ name, labels = {} }, { caller }) => slaves.join(caller, name, labels),
  } satisfies Partial<ControlHandlers>
}
