import type { Admission, ClusterView, Principal } from '../../lib/plugin.ts'
import { ClusterError, isSameSecret } from '../../lib/plugin.ts'
import type { Identity } from './client.ts'
import { CloseCode } from './wire/close-codes.ts'
import { readFirst } from './wire/payload.ts'

/** Why a client is not let in: what its connection is closed with. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: CloseCode

  constructor(code: CloseCode, reason: string) {
    super(reason)
    this.code = code
  }
}

export interface SecretRules {
  readonly secret: string | undefined
  /** Whether instances are peers, for which clients identify themselves with tokens of the cluster. */
  readonly instances: boolean
  readonly cluster: Pick<ClusterView, 'authenticate' | 'require'>
  readonly admission: Pick<Admission, 'checkLogins' | 'failed'>
}

const namePattern = /^[\p{L}\p{Nd}_]+$/u
const versionPattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

/**
 * Reads and checks a client's first text frame, all but whether its name is free: decoding, name, secret, version, in
 * this order. Throws a Refusal with the first that fails.
 */
export function identify(text: string, address: string, rules: SecretRules): Identity {
  const payload = read(text)
  if (!payload) throw new Refusal(CloseCode.noAuth, 'The first payload must be IDENTIFY')
  const { name, nickname, tags, secret, version } = payload
  if (!namePattern.test(name)) throw new Refusal(CloseCode.badName, 'A name has letters, digits and _, at least one')
  const principal = checkSecret(secret, address, rules)
  if (!isCompatible(version)) throw new Refusal(CloseCode.badVersion, 'Your version is not compatible: ^0.1.0 is needed')
  return { name, nickname, tags, principal, address }
}

function read(text: string): ReturnType<typeof readFirst> {
  try {
    return readFirst(text)
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'malformed') throw new Refusal(CloseCode.fatalDecode, error.message)
    throw error
  }
}

/** Whose secret it is in the cluster, if it is a token. */
function checkSecret(given: string | undefined, address: string, { secret, instances, cluster, admission }: SecretRules): Principal | undefined {
  if (given === undefined && secret === undefined) return undefined
  const isMaybeToken = given !== undefined && (secret !== undefined || instances)
  const principal = isMaybeToken ? principalOf(given, cluster) : undefined
  if (principal) return principal
  try {
    admission.checkLogins(address)
  } catch (error) {
    throw new Refusal(CloseCode.badSecret, ClusterError.from(error).message)
  }
  if (given !== undefined && secret !== undefined && isSameSecret(given, secret)) return undefined
  admission.failed(address)
  throw new Refusal(CloseCode.badSecret, 'The secret is not the one that is expected here')
}

function principalOf(token: string, cluster: SecretRules['cluster']): Principal | undefined {
  try {
    const principal = cluster.authenticate(token)
    // Tokens of slaves and those for joining are no operator's.
    cluster.require(principal, 'none')
    return principal
  } catch (error) {
    if (error instanceof ClusterError) return undefined
    throw error
  }
}

/** Whether a version satisfies ^0.1.0 as semantic versioning has it. */
export function isCompatible(version: string): boolean {
  const [, major, minor, , prerelease] = versionPattern.exec(version) ?? []
  return major === '0' && minor === '1' && prerelease === undefined
}
