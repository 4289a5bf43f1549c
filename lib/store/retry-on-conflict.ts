import { ClusterError } from '../errors/cluster-error.ts'

/**
 * Does a change that reads and then writes what it has read, anew for as long as somebody else writes in between. Each
 * conflict is a success of another, so that it comes to an end. Throws what `change` throws but `conflict`.
 */
export async function retryOnConflict<T>(change: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await change()
    } catch (error) {
      if (ClusterError.from(error).code !== 'conflict') throw error
    }
  }
}
