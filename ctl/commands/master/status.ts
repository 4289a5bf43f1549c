import { getMasterStatus } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'
import { formatFields } from '../../output/table.ts'
import { timeText } from '../../output/time-text.ts'

/** `ctl master status` */
export async function run({ connect, output }: Context): Promise<void> {
  const status = await (await connect()).send(getMasterStatus, {})
  const { version, url, started_at: startedAt, pid, memory_bytes: memoryBytes, slaves, instances, controls } = status
  await output.data(status, () => formatFields([
    ['url', url],
    ['version', version],
    ['started at', timeText(startedAt)],
    ['pid', pid],
    ['memory', `${(memoryBytes / 1_048_576).toFixed(1)} MiB`],
    ['slaves', `${slaves.connected} of ${slaves.total} connected`],
    ['instances', Object.entries(instances).map(([state, count]) => `${count} ${state}`).join(', ') || 'none'],
    ['controls', controls],
  ], output.width))
}
