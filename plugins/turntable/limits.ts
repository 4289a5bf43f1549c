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
  /** Bytes that one turn of the event loop may add to what a connection is sent before it counts as slow. */
  turnBytes: 4_194_304,
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
  /** Invites that wait for a connection to another server. */
  peerInvites: 1_000,
} as const
