import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'

/** What an attacker writes to a connection, piece by piece. */
export type Attack = readonly Buffer[]

const maxAnswerBytes = 1_000_000

/** Connects, writes, looks for a moment whether an answer comes, and goes without a goodbye. */
export function perform(options: NetConnectOpts, attack: Attack, lingerMs = 30): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(options)
    const timer = setTimeout(() => socket.destroy(), lingerMs + 2_000)
    let answered = 0
    const linger = (): void => { setTimeout(() => socket.destroy(), lingerMs) }
    socket.on('error', () => {})
    socket.on('data', (data) => {
      answered += data.length
      if (answered > maxAnswerBytes) socket.destroy()
    })
    socket.on('connect', () => {
      for (const piece of attack) socket.write(piece)
      socket.write('', linger)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

export function upgradeTo(path: string, subprotocol: string | undefined): Buffer {
  const offer = subprotocol === undefined ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    + `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${offer}\r\n`)
}

interface FrameShape {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isMasked: boolean
  readonly reserved: number
  readonly payload: Buffer
  /** What the header says of the length; undefined: the truth. */
  readonly announced?: number | undefined
}

/** A WebSocket frame, right or wrong. */
export function frame({ opcode, isFinal, isMasked, reserved, payload, announced }: FrameShape): Buffer {
  const length = announced ?? payload.length
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = (isFinal ? 0x80 : 0) | ((reserved & 7) << 4) | (opcode & 15)
  head[1] = (isMasked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0), payload])
}

export function textFrame(text: string): Buffer {
  return frame({ opcode: 1, isFinal: true, isMasked: true, reserved: 0, payload: Buffer.from(text) })
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))

const deepJson = fc.record({ depth: fc.integer({ min: 1, max: 20_000 }), open: fc.constantFrom('[', '{"a":', '[{"a":'), isClosed: fc.boolean() })
  .map(({ depth, open, isClosed }) => {
    const close = open.split('').toReversed().filter((char) => char === '[' || char === '{').map((char) => (char === '[' ? ']' : '}')).join('')
    return open.repeat(depth) + (isClosed ? `1${close.repeat(depth)}` : '')
  })
const oddJson = fc.oneof(
  deepJson,
  fc.constantFrom(
    '{"__proto__":{"role":"admin"}}', '{"constructor":{"prototype":{"x":1}}}', '{"instance_id":1,"instance_id":2}', '{"toString":1}',
    '{"instance_id":1e999}', '{"instance_id":-0}', '{"instance_id":9007199254740993}', 'null', '[]', '""', '\ufeff{}', '{"a":"\\ud800"}', '{}{}', '',
  ),
  fc.integer({ min: 1, max: 200_000 }).map((length) => JSON.stringify({ ['k'.repeat(length)]: 1 })),
  fc.integer({ min: 1, max: 5_000 }).map((count) => `{${Array.from({ length: count }, (_, i) => `"k${i}":{}`).join(',')}}`),
  fc.json(),
)

const oddFrame = fc.record({
  opcode: fc.integer({ min: 0, max: 15 }),
  isFinal: fc.boolean(),
  isMasked: fc.boolean(),
  reserved: fc.integer({ min: 0, max: 7 }),
  payload: fc.oneof(bytes(300), oddJson.map((text) => Buffer.from(text))),
  announced: fc.option(fc.constantFrom(0, 125, 126, 65_535, 65_536, 4_194_305, 2 ** 31, 2 ** 32, 2 ** 48), { nil: undefined }),
}).map(frame)
const endlessContinuation = fc.integer({ min: 1, max: 3_000 }).map((count) => Buffer.concat([
  frame({ opcode: 1, isFinal: false, isMasked: true, reserved: 0, payload: Buffer.from('x') }),
  ...Array.from({ length: count }, () => frame({ opcode: 0, isFinal: false, isMasked: true, reserved: 0, payload: Buffer.from('x') })),
]))
const manySmall = fc.integer({ min: 1, max: 4_000 }).map((count) => Buffer.concat(Array.from({ length: count }, () => textFrame('{}'))))

const types = [
  'get_master_status', 'list_instances', 'list_slaves', 'start_instance', 'read_console', 'send_rcon', 'set_instance_output_subscriptions',
  'set_status_subscription', 'get_template', 'get_instance_config', 'set_instance_config_field', 'drain_slave', 'revoke_token', 'toString', '__proto__', '',
]
const oddData = fc.oneof(oddJson, fc.record({ instance_id: fc.oneof(fc.integer(), fc.constantFrom(1, 2)), instance_ids: fc.array(fc.integer()), enabled: fc.boolean() }, { requiredKeys: [] })
  .map((value) => JSON.stringify(value)))
const baseMessage = fc.record({ seq: fc.oneof(fc.integer(), fc.constant(1)), type: fc.constantFrom(...types), suffix: fc.constantFrom('_request', '_response', '_event', ''), data: oddData })
  .map(({ seq, type, suffix, data }) => `{"seq":${seq},"type":${JSON.stringify(type + suffix)},"data":${data}}`)
const sessionMessage = fc.record({
  type: fc.oneof(fc.constantFrom(...types.map((type) => `${type}_request`)), fc.constantFrom('ack', 'heartbeat', 'close', 'resume', 'ready', 'hello_event', 'x_response')),
  header: fc.record({ seq: fc.integer({ min: -1, max: 5 }), ack: fc.integer({ min: -1, max: 3 }), to: fc.integer(), reply_to: fc.integer(), key: fc.string({ maxLength: 200 }) }, { requiredKeys: [] }),
  data: oddData,
}).map(({ type, header, data }) => `${JSON.stringify({ type, ...header })}\n${data}`)

/** Everything that a stranger can send to the master's port, and what a stranger with a good token can. */
export function attacks(token: string): fc.Arbitrary<Attack> {
  const upgrade = fc.record({ path: fc.constantFrom('/api/socket', '/', '//ws:99999', '/concierge', '/gateway', '/x'), protocol: fc.constantFrom(undefined, 'corral.1', 'rtag', 'turntable', 'x, corral.1', ',,') })
    .map(({ path, protocol }) => upgradeTo(path, protocol))
  const frames = fc.array(fc.oneof(oddFrame, endlessContinuation, manySmall, oddJson.map(textFrame)), { minLength: 1, maxLength: 6 })
  const register = { token, agent: 'fuzz', version: '2.0.0' }
  const base = [upgradeTo('/api/socket', undefined), textFrame(JSON.stringify({ seq: 1, type: 'register_control', data: register }))]
  const session = [upgradeTo('/api/socket', 'corral.1'), textFrame(`${JSON.stringify({ type: 'register_control' })}\n${JSON.stringify(register)}`)]
  const oddHttp = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'CONNECT', 'XXXX', '\u0000'),
    path: fc.oneof(fc.constantFrom(...types.map((type) => `/api/v1/${type}`)), fc.constantFrom('/health', '/metrics', '/%', '/..%2f..', '*', 'http://[', '/api/openapi.json')),
    headers: fc.constantFrom('', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 99999999999\r\n', 'Content-Length: -1\r\n', 'Expect: 100-continue\r\n', `X: ${'y'.repeat(20_000)}\r\n`, 'Content-Encoding: gzip\r\n'),
    isKnown: fc.boolean(),
    body: oddData,
  }).map(({ method, path, headers, isKnown, body }) => [Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${isKnown ? `Authorization: Bearer ${token}\r\n` : 'Authorization: Bearer nobody\r\n'}`
    + `${headers}${headers.includes('ength') || headers.includes('ncoding') ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`)])
  return fc.oneof(
    fc.array(bytes(2_000), { maxLength: 4 }),
    oddHttp,
    fc.tuple(upgrade, frames).map(([first, rest]) => [first, ...rest]),
    fc.array(fc.oneof(baseMessage.map(textFrame), oddFrame), { minLength: 1, maxLength: 10 }).map((rest) => [...base, ...rest]),
    fc.array(fc.oneof(sessionMessage.map(textFrame), oddFrame), { minLength: 1, maxLength: 10 }).map((rest) => [...session, ...rest]),
  )
}
