import { expect } from 'chai'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { ClusterError } from '../../errors/cluster-error.ts'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { eventually } from '../../../test/helpers/eventually.ts'
import { dial, socketUrl } from './dial.ts'
import type { DialOptions } from './dial.ts'
import type { Transport } from './transport.ts'
import { proofOf } from './upgrade.ts'

const cleanups = new Cleanups()
const session = { dialect: 'session', deadlineMs: 5_000 } as const

/** A server that does with a request for an upgrade what it is told; gives its URL. */
async function serving(upgrade: (request: IncomingMessage, socket: Duplex) => void): Promise<string> {
  const server = createServer((_request, response) => { response.writeHead(404).end() })
  server.on('upgrade', (request, socket) => {
    cleanups.add(() => socket.destroy())
    socket.on('error', () => {})
    upgrade(request, socket)
  })
  cleanups.add(() => new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  }))
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server of another make that takes these subprotocols; with `onText`, it is given what a client says. */
async function foreignServer(protocols: readonly string[] = [], onText: (text: string, answer: (text: string) => void) => void = () => {}): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: (offered) => [...offered].find((name) => protocols.includes(name)) ?? false })
  cleanups.add(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', (ws) => ws.on('message', (data: Buffer) => onText(data.toString(), (text) => ws.send(text))))
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

function answer(socket: Duplex, headers: Record<string, string>): void {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${Object.entries({ Upgrade: 'websocket', Connection: 'Upgrade', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
}

async function refusal(url: string, options: DialOptions = session): Promise<string> {
  try {
    const transport = await dial(url, options)
    transport.terminate()
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'unreachable') return error.message
    throw error
  }
  throw new Error('It connected')
}

/** Listens: what is heard, and how it ended. */
function listen(transport: Transport): { heard: string[]; closed: Promise<{ code: number; reason: string }> } {
  const heard: string[] = []
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    transport.start({ frame: (text) => heard.push(text), alive: () => heard.push('alive'), closed: resolve })
  })
  return { heard, closed }
}

afterEach(() => cleanups.run())

describe('dial', () => {
  it('connects to a server of another make, and carries texts both ways', async () => {
    const said: string[] = []
    const { url } = await foreignServer(['corral.1'], (text, reply) => {
      said.push(text)
      if (said.length < 3) return
      for (const word of ['one', 'zwei é', '三'.repeat(30_000), 'x'.repeat(70_000)]) reply(word)
    })
    const transport = await dial(url, session)
    const { heard, closed } = listen(transport)
    for (const text of ['a', '日本🎮', 'y'.repeat(70_000)]) transport.send(text)
    transport.ping()
    await eventually(() => expect(heard).to.have.lengthOf(5))
    expect(said).to.deep.equal(['a', '日本🎮', 'y'.repeat(70_000)])
    expect(heard.filter((text) => text !== 'alive')).to.deep.equal(['one', 'zwei é', '三'.repeat(30_000), 'x'.repeat(70_000)])
    transport.close(4000, 'enough')
    expect(await closed).to.deep.equal({ code: 4000, reason: 'enough' })
  })

  it('offers no subprotocol in the base dialect, and hears the reason of a server that ends it', async () => {
    const { url, server } = await foreignServer()
    server.on('connection', (ws, { headers }) => {
      ws.send(String(headers['sec-websocket-protocol']))
      ws.close(4321, 'go away')
    })
    const { heard, closed } = listen(await dial(url, { ...session, dialect: 'base' }))
    expect(await closed).to.deep.equal({ code: 4321, reason: 'go away' })
    expect(heard).to.deep.equal(['undefined'])
  })

  it('reads what a server sends along with its answer', async () => {
    const url = await serving((request, socket) => {
      socket.cork()
      answer(socket, { 'Sec-WebSocket-Accept': proofOf(request.headers['sec-websocket-key'] ?? ''), 'Sec-WebSocket-Protocol': 'corral.1' })
      socket.write(Buffer.from([0x81, 2, 0x68, 0x69, 0x88, 0]))
      socket.uncork()
      socket.once('data', () => socket.end())
    })
    const { heard, closed } = listen(await dial(url, session))
    expect((await closed).code).to.equal(1005)
    expect(heard).to.deep.equal(['hi'])
  })

  it('says what is wrong with an answer that is none', async () => {
    const proof = ({ headers }: IncomingMessage): Record<string, string> => ({ 'Sec-WebSocket-Accept': proofOf(headers['sec-websocket-key'] ?? '') })
    const plain = await serving((_request, socket) => socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'))
    expect(await refusal(plain)).to.include('status 503')
    const moved = await serving((_request, socket) => socket.end('HTTP/1.1 301 Moved Permanently\r\nLocation: https://other/\r\nContent-Length: 0\r\n\r\n'))
    expect(await refusal(moved)).to.include('status 301, which names "https://other/"')
    expect(await refusal(await serving((_request, socket) => answer(socket, {})))).to.include('does not speak WebSocket')
    expect(await refusal(await serving((request, socket) => answer(socket, proof(request))))).to.include('does not speak corral.1 (a master of another make is reached with --dialect base)')
    const extended = await serving((request, socket) => answer(socket, { ...proof(request), 'Sec-WebSocket-Protocol': 'corral.1', 'Sec-WebSocket-Extensions': 'permessage-deflate' }))
    expect(await refusal(extended)).to.include('extension')
    const eager = await serving((request, socket) => answer(socket, { ...proof(request), 'Sec-WebSocket-Protocol': 'corral.1' }))
    expect(await refusal(eager, { ...session, dialect: 'base' })).to.include('was not offered')
    expect(await refusal(await serving((_request, socket) => socket.destroy()))).to.include('hung up')
  })

  it('gives up in time, and when it is told to', async () => {
    const silent = await serving(() => {})
    expect(await refusal(silent, { ...session, deadlineMs: 50 })).to.include('did not answer within 50 ms')
    const controller = new AbortController()
    const given = refusal(silent, { ...session, signal: controller.signal })
    controller.abort()
    expect(await given).to.include('given up')
    expect(await refusal(silent, { ...session, signal: controller.signal })).to.include('given up')
  })

  it('ends a connection whose server breaks the rules, and tells the server why', async () => {
    let told: Promise<Buffer> | undefined
    const url = await serving((request, socket) => {
      answer(socket, { 'Sec-WebSocket-Accept': proofOf(request.headers['sec-websocket-key'] ?? ''), 'Sec-WebSocket-Protocol': 'corral.1' })
      told = new Promise((resolve) => socket.once('data', resolve))
      socket.once('data', () => socket.end())
      // A masked frame, as servers never send.
      socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x68]))
    })
    const { closed } = listen(await dial(url, session))
    expect((await closed).code).to.equal(1002)
    const frame = await told
    expect([frame?.[0], (frame?.[1] ?? 0) & 0x80]).to.deep.equal([0x88, 0x80])
  })
})

describe('socketUrl', () => {
  it('knows the path of the link, and keeps one that is given', () => {
    expect(socketUrl('https://master:8080')).to.equal('wss://master:8080/api/socket')
    expect(socketUrl('ws://[::1]:8080/other?x=1')).to.equal('ws://[::1]:8080/other?x=1')
    for (const url of ['master', 'ftp://master', 'https://user:secret@master']) expect(() => socketUrl(url), url).to.throw(ClusterError).with.property('code', 'invalid_config')
  })
})
