import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { SlaveService } from './services/slaves.ts'

/** What a slave could not answer, as who waits for the answer sees it: the end of the slave's link is not that of his own. */
export function slaveError(type: string, thrown: unknown): ClusterError {
  const error = ClusterError.from(thrown)
  if (error.code !== 'link_closed' && error.code !== 'session_lost') return error
  return new ClusterError('slave_gone', `The slave went away while it worked on ${type}; what became of it is not known. See the instance's state once the slave is back`, { cause: error })
}

/** Whether the slave could not be asked, rather than has refused: it is told when it comes back. */
export function isAbsence({ code }: ClusterError): boolean {
  return code === 'link_closed' || code === 'session_lost' || code === 'deadline'
}

/** The text is that of the base dialect, word for word; the details name the slave. */
export function slaveAway(slaves: Pick<SlaveService, 'get'>, slaveId: number | null): ClusterError {
  const slave = slaveId === null ? undefined : slaves.get(slaveId)?.name
  return new ClusterError('slave_not_connected', 'Slave containing instance is not connected', slave === undefined ? {} : { details: { slave } })
}
