import type { ErrorCode } from '../../errors/codes.ts'
import type { ErrorOnWire } from '../../errors/cluster-error.ts'

/** What the texts of `protocols/link.md` say, for those who go by codes. */
const knownTexts: ReadonlyArray<readonly [pattern: RegExp, code: ErrorCode]> = [
  [/^(?:Instance|Slave) with ID -?\d+ does not exist/, 'not_found'],
  [/^Instance is not assigned to a slave/, 'unassigned'],
  [/^Slave containing instance is not connected/, 'slave_not_connected'],
]

/** The error that a peer of the base dialect tells as a text alone. */
export function errorOfText(message: string): ErrorOnWire {
  const [, code = 'peer_refused'] = knownTexts.find(([pattern]) => pattern.test(message)) ?? []
  return { code, message }
}
