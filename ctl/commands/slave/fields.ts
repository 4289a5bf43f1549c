import type { SlaveInfo } from '../../../lib/link/messages/slaves.ts'
import type { Column } from '../../output/table.ts'
import { timeText } from '../../output/time-text.ts'

/** What `slave list` shows of each slave. */
export const slaveColumns: ReadonlyArray<Column<SlaveInfo>> = [
  { title: 'ID', value: ({ id }) => id, align: 'right' },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATE', value: stateOf },
  { title: 'INSTANCES', value: ({ instances }) => instances, align: 'right' },
  { title: 'AGENT', value: ({ agent }) => agent },
  { title: 'ADDRESS', value: ({ address }) => address },
  { title: 'LAST SEEN', value: ({ last_seen: lastSeen }) => timeText(lastSeen) },
  { title: 'LABELS', value: labelsText, isOptional: true },
]

/** What `slave show` shows. */
export function slaveFields(slave: SlaveInfo) {
  const { id, name, agent, version, last_seen: lastSeen, address, instances } = slave
  return [
    ['id', id], ['name', name], ['state', stateOf(slave)], ['agent', agent], ['protocol version', version], ['address', address],
    ['last seen', timeText(lastSeen)], ['instances', instances], ['labels', labelsText(slave)],
  ] as const
}

function stateOf({ connected, draining }: SlaveInfo): string {
  return `${connected ? 'connected' : 'away'}${draining ? ', draining' : ''}`
}

function labelsText({ labels }: SlaveInfo): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ')
}
