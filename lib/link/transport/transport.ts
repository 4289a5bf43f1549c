/** What a transport tells its one owner. All are called asynchronously, `closed` exactly once and last. */
export interface TransportEvents {
  frame(text: string): void
  /** The peer answered a ping or pinged by itself: it is there. */
  alive(): void
  /** Bytes of the peer have come, be it a part of a frame that takes long. */
  arrived?(): void
  /** The peer sent a message that is too large: the last moment to send it something, before `closed`. */
  tooLarge?(reason: string): void
  /** The peer sent something that is no text of acceptable size; the transport closes by itself. */
  closed(info: { code: number; reason: string }): void
}

/** Carries whole text frames between two programs, in order, until it is closed. */
export interface Transport {
  /** Names the other end for logs, e.g. `192.0.2.7:51234`. */
  readonly address: string
  /** Bytes that were sent and are not yet with the operating system. */
  readonly bufferedBytes: number
  readonly isOpen: boolean
  /** Whether nothing is read from the peer at the moment; transports that never wait by themselves don't say. */
  readonly isHeld?: boolean
  start(events: TransportEvents): void
  send(frame: string): void
  /** Asks for a sign of life below the frames, which every WebSocket peer gives by itself. */
  ping(): void
  /** Says goodbye after what was sent before; ends by force when the peer does not answer in time. */
  close(code: number, reason: string): void
  /** Ends at once and frees everything. */
  terminate(): void
  /** Stops and goes on reading from the peer: back-pressure. */
  pause(): void
  resume(): void
}
