import type { PeerCertificate } from 'node:tls'
import { ClusterError } from '../errors/cluster-error.ts'

const unknownAuthority = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
/** What a TLS server makes of plain HTTP, and Node of a plain answer to TLS. */
const hungUp = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT'])
const noTls = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])

type NetworkError = NodeJS.ErrnoException & { readonly host?: string; readonly cert?: PeerCertificate }

/** `unreachable`, with what the operator can do about the reason. `trustHint` says how this program is told of a certificate authority. */
export function unreachableMaster(url: string, error: NetworkError, trustHint: string): ClusterError {
  const because = (text: string): ClusterError => new ClusterError('unreachable', `Can't reach the master at ${url}: ${text}`, { cause: error })
  const { code = '' } = error
  const reason = error.message || code || 'unknown error'
  const isSecure = /^(?:https|wss):/.test(url)
  const refusal = certificateRefusal(error, reason, trustHint)
  if (refusal !== undefined) return because(refusal)
  if (code === 'ECONNREFUSED') return because('nothing listens there. Is it running, and is the address right?')
  if (isSecure && noTls.has(code)) return because('it does not speak TLS. Give its address with http://, or give it a certificate')
  if (!isSecure && hungUp.has(code)) return because(`it hung up (${reason}). If it serves HTTPS, give its address with https://`)
  return because(`${reason}. Is it running, and is the address right?`)
}

/** What is wrong with the master's certificate, and what to do about it; undefined where it is something else. */
function certificateRefusal({ code = '', host, cert }: NetworkError, reason: string, trustHint: string): string | undefined {
  if (unknownAuthority.has(code)) return `its certificate is not from an authority that is trusted here (${reason}). Name the PEM file of its authority: ${trustHint}`
  const clock = `the clock here says ${new Date().toISOString()}`
  if (code === 'CERT_HAS_EXPIRED') return `its certificate, or one of the authorities behind it, has expired; ${clock}. Set the clock if it is wrong, or give the master a new certificate`
  if (code === 'CERT_NOT_YET_VALID') return `its certificate is not valid yet; ${clock}. Set the clock if it is wrong, on this host or on the one that made the certificate`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is not for ${host ?? 'this host'} but for ${namesOf(cert)}. Reach the master by a name that the certificate has, or give it one with this name as subjectAltName`
  }
  return undefined
}

function namesOf(cert: PeerCertificate | undefined): string {
  const alternatives = cert?.subjectaltname
  if (alternatives) return alternatives
  const common = cert?.subject?.CN
  return common === undefined ? 'no name at all' : `${[common].flat().join(', ')} (its CN; it has no subjectAltName)`
}
