/** Types of messages, and subtypes of requests. */
export const Type = { services: 0, request: 1, response: 2, stream: 3, disconnect: 4 } as const

export const Subtype = {
  connect: 0, verify: 1, interfaces: 2, streams: 3, subscribe: 4, unsubscribe: 5, data: 6, command: 7, challenge: 8, disconnect: 9,
} as const

/** Why a request was not fulfilled, in the gateway's own words. */
export type Failure = 'no such service' | 'not connected' | 'not verified' | 'forbidden' | 'bad request' | 'timeout' | 'service gone'
