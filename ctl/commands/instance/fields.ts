import type { InstanceInfo } from '../../../lib/link/messages/instances.ts'
import { exitText } from '../../console/exit-text.ts'
import type { Column, FieldRows } from '../../output/table.ts'
import { truncate } from '../../output/text-width.ts'
import { timeText } from '../../output/time-text.ts'

/** Wide enough to tell one problem from another; `instance show` has the rest. */
const problemWidth = 60

/** What `instance list` shows of each instance. */
export const instanceColumns: ReadonlyArray<Column<InstanceInfo>> = [
  { title: 'ID', value: ({ id }) => id, align: 'right' },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'TEMPLATE', value: ({ template }) => template },
  { title: 'SLAVE', value: ({ slave }) => slave },
  { title: 'STATUS', value: statusText },
  { title: 'PORTS', value: portsText },
  { title: 'PLAYERS', value: ({ players }) => players.length, align: 'right' },
  { title: 'PROBLEM', value: ({ problem }) => problem && truncate(problem.split('\n')[0] ?? '', problemWidth), isOptional: true },
]

/** What `instance show` shows. */
export function instanceFields(instance: InstanceInfo): FieldRows {
  const { id, name, template, slave, desired, status, run, pid, started_at: startedAt, players, last_exit: lastExit, problem } = instance
  return [
    ['id', id], ['name', name], ['template', template], ['slave', slave], ['desired', desired], ['status', status], ['run', run],
    ['pid', pid], ['ports', portsText(instance)], ['started at', timeText(startedAt)], ['players', players.join(', ')],
    ['last exit', lastExit && `${exitText(lastExit)} at ${timeText(lastExit.at)}`], ['problem', problem],
  ]
}

function statusText({ status, desired }: InstanceInfo): string {
  const isWanted = desired === 'running'
  if (status === 'unknown' || isWanted === (status === 'running' || status === 'starting')) return status
  return `${status} (wanted: ${desired})`
}

function portsText({ ports }: InstanceInfo): string {
  return Object.entries(ports).map(([name, port]) => `${name}=${port}`).join(' ')
}
