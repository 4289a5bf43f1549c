import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketConnection } from '../../lib/plugin.ts'
import type { WebSocketConnectionEvents } from '../../lib/plugin.ts'
import { limits } from './limits.ts'

/** Codes with which the door closes a connection (RFC 6455, 7.4.1); 1002, 1007 and 1009 are sent by the library. */
export const CloseCode = { normal: 1000, goingAway: 1001, internal: 1011, tryAgainLater: 1013 } as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

/** A client's WebSocket; `socket` is the connection under `ws`: the one that was upgraded. */
export function openConnection(ws: WebSocket, socket: Duplex, events: WebSocketConnectionEvents): WebSocketConnection {
  const heartbeat = { intervalMs: limits.heartbeatMs, timeoutMs: limits.heartbeatMs, isAnySign: true }
  const connection = new WebSocketConnection({ ws, socket, events, heartbeat, goodbyeMs: limits.goodbyeMs })
  // One that reads nothing could otherwise have pongs heaped up for it without end.
  ws.on('ping', (data) => { if (socket.writableLength < limits.pongBacklogBytes) ws.pong(data) })
  // Both have said goodbye: the client is gone, even if it leaves the connection below open.
  socket.on('finish', () => connection.close(CloseCode.normal, ''))
  return connection
}
