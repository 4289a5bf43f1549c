import type { IncomingMessage } from 'node:http'
import { addressList, isSameSecret } from '../../lib/plugin.ts'

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
  const isListed = addressList('turntable.peers', addresses)
  return ({ headers, socket: { remoteAddress = '' } }) => {
    const shown = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
    const isJudged = secret !== undefined && shown !== undefined
    const isPeer = isJudged ? isSameSecret(shown, secret) : isListed(remoteAddress)
    return { isPeer, isServer: isPeer || headers[serverHeader] !== undefined, hasWrongSecret: isJudged && !isPeer }
  }
}
