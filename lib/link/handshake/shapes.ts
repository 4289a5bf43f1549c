import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'

const strict = { additionalProperties: false }
const text = Type.String({ minLength: 1, maxLength: 4_096 })
/** An empty one is a token, too: one that is not good. */
const token = Type.String({ maxLength: 4_096 })

/** Data of the master's first frame (seed 001, Handshake). The base dialect has nothing but the version. */
export const Hello = Type.Object({ version: Type.String() })

/** Data of `register_control`; the token is required in practice (`protocols/link.md`). */
export const RegisterControl = Type.Object({ token, agent: Type.String(), version: Type.String() }, strict)

/** Data of `register_slave`. */
export const RegisterSlave = Type.Object(
  { token, agent: Type.String(), version: Type.String(), id: Type.Integer(), name: Type.String() },
  strict,
)

/** Data of the base dialect's `ready`: nothing (`protocols/link.md`, Envelope). */
export const BaseReady = Type.Object({}, strict)

/** Data of the session dialect's `ready`: what a later `resume` needs. */
export const Ready = Type.Object({ session_id: text, session_secret: text })

/** Data of `resume`: goes on with a session over a new connection. */
export const Resume = Type.Object({ session_id: text, session_secret: text, received: Type.Integer({ minimum: 0 }) })

/** Data of `resumed`. */
export const Resumed = Type.Object({ received: Type.Integer({ minimum: 0 }) })

/** What a client says of itself when it registers. */
export type Registration =
  | ({ readonly role: 'control' } & Static<typeof RegisterControl>)
  | ({ readonly role: 'slave' } & Static<typeof RegisterSlave>)

/** Version of the link protocol that we speak (seed 001). */
export const protocolVersion = '2.0.0'

/** The WebSocket subprotocol that selects the session dialect. */
export const sessionSubprotocol = 'corral.1'
