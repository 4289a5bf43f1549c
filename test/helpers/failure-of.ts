import { ClusterError } from '../../lib/errors/cluster-error.ts'

/** The ClusterError that a promise is rejected with; fails for any other outcome. */
export async function failureOf(promise: Promise<unknown>): Promise<ClusterError> {
  const outcome: unknown = await promise.then(() => 'success', (error: unknown) => error)
  if (outcome instanceof ClusterError) return outcome
  throw new Error('Expected a ClusterError', { cause: outcome })
}
