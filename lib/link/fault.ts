/**
 * The peer broke the protocol. `reason` is the word-for-word reason of the `close` that it gets in the base dialect
 * (`protocols/link.md`, Faults).
 */
export class LinkFault extends Error {
  override readonly name = 'LinkFault'
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

export const malformed = 'Invalid message: Malformed'
export const invalidHandshake = 'Invalid handshake'
export const authenticationFailed = 'Authentication failed'
