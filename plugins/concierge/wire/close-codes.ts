/** Codes with which the door closes a connection: those of the protocol, and those of RFC 6455 that it uses. */
export const CloseCode = {
  goingAway: 1001,
  /** A message above the limit; sent by the WebSocket library. */
  tooBig: 1009,
  /** The client reads too slowly: what waits for it is above the bound. */
  tooSlow: 1013,
  internal: 4000,
  fatalDecode: 4002,
  noAuth: 4003,
  authTimeout: 4004,
  duplicateAuth: 4005,
  badSecret: 4006,
  badVersion: 4007,
  badName: 4008,
} as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]
