/** Bounds of the door; `docs/protocols/gateway.md` tells them to those who write clients and providers. */
export const limits = {
  /** Largest frame of a client, and of a provider that is not ignored. */
  frameBytes: 1_048_576,
  /** A provider's WebSocket message above this ends the connection; between the two it is ignored. */
  providerMessageBytes: 16_777_216,
  /** With more than this waiting for a client its pings are not answered. */
  pongBacklogBytes: 65_536,
  /** Requests of one client that wait for answers; with more it is read from no further until some are answered. */
  openRequests: 256,
  /** Characters of those requests together, likewise. */
  openLength: 4_194_304,
  /** Bytes that wait for one provider; a request beyond is answered with "timeout" at once. */
  providerBacklogBytes: 8_388_608,
  /** Clients of one provider of which connects are remembered that they have given up before the provider answered. */
  givenUpClients: 10_000,
  /** So many connects of each. */
  givenUpConnects: 8,
  /** Length of a client identifier as JSON; a longer one makes the response garbage. */
  identifierLength: 16_384,
  /** A client or provider that shows no sign of life from one of these to the next is ended. */
  heartbeatMs: 30_000,
  dialDeadlineMs: 5_000,
  goodbyeMs: 1_000,
  backoffBaseMs: 50,
  backoffCapMs: 1_000,
  /** A provider that says nothing counts as one that is there again after this. */
  provenMs: 2_000,
  /** With more providers than this, those that are away are tried less often. */
  shortList: 20,
  longBackoffCapMs: 30_000,
} as const
