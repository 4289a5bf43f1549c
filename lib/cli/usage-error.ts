import { ClusterError } from '../errors/cluster-error.ts'

/** The command line itself is wrong: exit code 2. */
export function usageError(message: string): ClusterError {
  return new ClusterError('invalid_request', message)
}
