import { ClusterError } from '../errors/cluster-error.ts'

const unknownAuthority = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
/** What a TLS server makes of plain HTTP, and Node of a plain answer to TLS. */
const hungUp = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT'])
const noTls = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])

/** `unreachable`, with what the operator can do about the reason. `trustHint` says how this program is told of a certificate authority. */
export function unreachableMaster(url: string, error: NodeJS.ErrnoException, trustHint: string): ClusterError {
  const because = (text: string): ClusterError => new ClusterError('unreachable', `Can't reach the master at ${url}: ${text}`, { cause: error })
  const { code = '' } = error
  const reason = error.message || code || 'unknown error'
  const isSecure = /^(?:https|wss):/.test(url)
  if (code === 'ECONNREFUSED') return because('nothing listens there. Is it running, and is the address right?')
  if (unknownAuthority.has(code)) return because(`its certificate is not from an authority that is trusted here (${reason}). Name the PEM file of its authority: ${trustHint}`)
  if (isSecure && noTls.has(code)) return because('it does not speak TLS. Give its address with http://, or give it a certificate')
  if (!isSecure && hungUp.has(code)) return because(`it hung up (${reason}). If it serves HTTPS, give its address with https://`)
  return because(`${reason}. Is it running, and is the address right?`)
}
