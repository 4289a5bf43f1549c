import { corralVersion } from '../../lib/version.ts'
import type { Cluster } from '../cluster.ts'
import { tokenInfo } from '../services/tokens.ts'
import { linkOf } from './context.ts'
import type { ControlHandlers } from './context.ts'

export function clusterHandlers({ slaves, instances, templates, tokens, consoles, url, startedAt }: Cluster, countControls: () => number) {
  return {
    get_master_status: () => {
      const byStatus: Record<string, number> = {}
      for (const record of instances.list()) {
        const { status } = instances.state(record)
        byStatus[status] = (byStatus[status] ?? 0) + 1
      }
      return {
        version: corralVersion(),
        url,
        started_at: startedAt.toISOString(),
        pid: process.pid,
        memory_bytes: process.memoryUsage.rss(),
        slaves: { total: slaves.list().length, connected: slaves.connectedCount },
        instances: byStatus,
        controls: countControls(),
      }
    },

    list_templates: () => ({ list: templates.list().map(({ template: { id, name }, source }) => ({ id, name, source })) }),
    get_template: ({ template: id }) => ({ ...templates.require(id) }),

    create_token: async ({ name, role = 'admin', expires_in_s: expiresInS }, { origin }) => {
      const { token, record } = await tokens.create({ name, role, expiresInS, createdWith: origin?.key })
      return { token, info: tokenInfo(record) }
    },
    list_tokens: () => ({ list: tokens.list() }),
    revoke_token: async ({ token_id: tokenId }) => {
      await tokens.revoke(tokenId)
      return {}
    },

    set_instance_output_subscriptions: async ({ instance_ids: instanceIds }, context) => {
      await consoles.follow(linkOf(context), instanceIds)
      return {}
    },
  } satisfies Partial<ControlHandlers>
}
