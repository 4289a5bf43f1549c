import { ClusterError } from '../lib/errors/cluster-error.ts'

/** What a slave could not answer, as who waits for the answer sees it: the end of the slave's link is not that of his own. */
export function slaveError(type: string, thrown: unknown): ClusterError {
  const error = ClusterError.from(thrown)
  if (error.code !== 'link_closed' && error.code !== 'session_lost') return error
  return new ClusterError('slave_gone', `The slave went away while it worked on ${type}; what became of it is not known. See the instance's state once the slave is back`, { cause: error })
}
