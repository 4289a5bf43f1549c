/** Bounds that no setting changes; `docs/protocols/turntable.md` lists them. */
export const limits = {
  /** Largest message that is read. */
  messageBytes: 1_048_576,
  /** Longest user id and channel name, in UTF-16 units. */
  nameLength: 1_024,
  /** Levels of hashes and arrays in a message. */
  depth: 64,
  /** Statuses or ids that go into one frame, by number and by size. */
  entriesPerFrame: 1_000,
  entriesBytesPerFrame: 262_144,
  /** A peer of the closing handshake that does not answer is cut off. */
  closeDeadlineMs: 2_000,
  /** Another server that has not told a user's status by then counts as saying offline. */
  answerDeadlineMs: 2_000,
  /** Largest message that another server may send over our connection to it. */
  peerMessageBytes: 16_777_216,
  /** Unsent bytes at which our connection to another server is made anew. */
  peerBufferBytes: 16_777_216,
  /** Users in games, and seats in channels, that one other server may tell of. */
  reportsPerPeer: 100_000,
  /** Memory for users of another server that nobody asks for any more: the protocol has no way to end a subscription. */
  staleBytes: 16_777_216,
  /** Invites that wait for a connection to another server. */
  peerInvites: 1_000,
} as const

/**
 * What is reckoned for what a connection asks to be kept, in bytes: measured on Node 20, rounded up. Texts are kept in
 * several places, of up to two bytes a UTF-16 unit.
 */
export const reckoned = {
  subscription: { base: 208, perUnit: 4 },
  /** Beside that, where the user belongs to another server. */
  remote: { base: 224, perUnit: 0 },
  id: { base: 1_024, perUnit: 4 },
  /** A user in a channel; the units are those of both names. */
  seat: { base: 2_048, perUnit: 8 },
} as const
