import { ClusterError } from '../../../lib/plugin.ts'
import type { Admission, ClusterView, Principal } from '../../../lib/plugin.ts'
import { isProof } from '../wire/proof.ts'

export interface VerifyRules {
  readonly cluster: Pick<ClusterView, 'authenticate' | 'require'>
  readonly admission: Pick<Admission, 'attempt'>
  /** A token of the cluster that clients may prove to know. */
  readonly secret: string | undefined
}

/**
 * Whose rights a client gets with its answer to a challenge: those of the token that it gave, or of the one that it has
 * proved to know. Throws `unauthenticated`, and `forbidden` for a wrong answer of an address that has failed too often.
 */
export function verify(answer: unknown, nonce: string, address: string, { cluster, admission, secret }: VerifyRules): Principal {
  try {
    return admission.attempt(address, () => principalOf(answer, nonce, cluster, secret))
  } catch (error) {
    if (ClusterError.from(error).code === 'overloaded') throw new ClusterError('forbidden', 'Too many failed answers; wait a minute', { cause: error })
    throw error
  }
}

function principalOf(answer: unknown, nonce: string, cluster: VerifyRules['cluster'], secret: string | undefined): Principal {
  if (typeof answer !== 'string') throw new ClusterError('unauthenticated', 'There is no answer')
  try {
    const principal = cluster.authenticate(secret !== undefined && isProof(answer, secret, nonce) ? secret : answer)
    // Tokens of slaves and those for joining are no operator's.
    cluster.require(principal, 'none')
    return principal
  } catch (error) {
    throw new ClusterError('unauthenticated', 'This answer is not good', { cause: error })
  }
}
