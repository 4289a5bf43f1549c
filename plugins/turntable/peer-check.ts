import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { ClusterError } from '../../lib/plugin.ts'

/** With this header a server says that it is one: what it sends goes no further, and it is told only what is known here. */
export const serverHeader = 'x-turntable-server'

export interface Standing {
  /** Says that it is a server, which gives it no rights. */
  readonly isServer: boolean
  /** Has shown that it is one of ours. */
  readonly isPeer: boolean
  readonly hasWrongSecret: boolean
}

/** Makes the check who asks for an upgrade. Throws `invalid_config` for an address that is none. */
export function peerCheck(secret: string | undefined, addresses: readonly string[]): (request: IncomingMessage) => Standing {
  const listed = new BlockList()
  for (const address of addresses) list(listed, address)

  return ({ headers, socket: { remoteAddress = '' } }) => {
    const shown = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
    const isJudged = secret !== undefined && shown !== undefined
    const isPeer = isJudged ? isSame(shown, secret) : isIn(listed, plainAddress(remoteAddress))
    return { isPeer, isServer: isPeer || headers[serverHeader] !== undefined, hasWrongSecret: isJudged && !isPeer }
  }
}

function list(listed: BlockList, text: string): void {
  const [address = '', prefix] = plainAddress(text).split('/')
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const bits = prefix === undefined ? undefined : Number(prefix)
  const isGood = (isIPv4(address) || isIPv6(address)) && (bits === undefined || (/^\d+$/.test(prefix ?? '') && bits <= (family === 'ipv4' ? 32 : 128)))
  if (!isGood) throw new ClusterError('invalid_config', `turntable.peers: "${text}" is not an IP address; write one such as 10.0.0.7 or a network such as 10.0.0.0/24`)
  if (bits === undefined) listed.addAddress(address, family)
  else listed.addSubnet(address, bits, family)
}

function isIn(listed: BlockList, address: string): boolean {
  return (isIPv4(address) && listed.check(address, 'ipv4')) || (isIPv6(address) && listed.check(address, 'ipv6'))
}

/** A server that listens on IPv6 sees IPv4 addresses in a longer form. */
function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
}

// Digests have one length, and comparing them takes the same time wherever they differ.
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
