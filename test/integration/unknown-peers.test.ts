import { expect } from 'chai'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { plugin as concierge } from '../../plugins/concierge/index.ts'
import { plugin as gateway } from '../../plugins/gateway/index.ts'
import { plugin as turntable } from '../../plugins/turntable/index.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { TokenService } from '../../master/services/tokens.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { ConciergeClient } from '../helpers/concierge.ts'
import { eventually } from '../helpers/eventually.ts'
import { startTestMaster } from '../helpers/master.ts'
import { upgradeTo } from '../property/attacks.ts'

/** The beginning of a text frame that says to have `length` bytes. */
function frameStart(length: number, sent: number): Buffer {
  const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, Buffer.alloc(sent, 97)])
}

describe('peers who have not shown who they are', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function start(config: object = {}, plugins: Array<{ name: string }> = []) {
    const store = openMemoryStore()
    const { token } = await new TokenService(store).create({ name: 'operator', role: 'admin' })
    const master = await startTestMaster(cleanups, { plugins, store, config: config as Record<string, unknown> })
    const open = (): Socket => {
      const socket = connect(master.port, '127.0.0.1')
      cleanups.add(() => socket.destroy())
      socket.on('error', () => {})
      return socket
    }
    const upgraded = async (path: string): Promise<Socket> => {
      const socket = open()
      socket.write(upgradeTo(path, undefined))
      await once(socket, 'data')
      return socket
    }
    const post = (headers: object, body?: string): Promise<Response> => fetch(`${master.url}/api/v1/list_slaves`, { method: 'POST', headers: { ...headers }, ...(body === undefined ? {} : { body }) })
    return { ...master, token, open, upgraded, post }
  }

  it('are answered before the body of their request has come, over HTTP', async () => {
    const { port, token } = await start()
    const refused = async (headers: Record<string, string>, path = '/api/v1/list_slaves'): Promise<number | undefined> => {
      const outgoing = request({ port, host: '127.0.0.1', path, method: 'POST', headers: { 'content-length': '4194304', ...headers } })
      cleanups.add(() => { outgoing.destroy() })
      outgoing.on('error', () => {})
      outgoing.write('{')
      const [answer] = await once(outgoing, 'response') as [IncomingMessage]
      return answer.statusCode
    }
    expect(await refused({})).to.equal(401)
    expect(await refused({ authorization: 'Bearer corral_wrong' })).to.equal(401)
    expect(await refused({ authorization: `Bearer ${token}` }, '/api/v1/no_such_request')).to.equal(404)
  })

  it('can send no message above 16 KiB over the link, and are told at its announcement', async () => {
    const { upgraded } = await start()
    const socket = await upgraded('/api/socket')
    socket.write(frameStart(16_385, 1))
    let answer = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => { answer = Buffer.concat([answer, data]) })
    await eventually(() => expect(answer.includes(Buffer.from([0x03, 0xf1])), 'close code 1009').to.equal(true))
  })

  it('make the master keep no more of unfinished messages than is set, at the doors of plugins too', async () => {
    const { upgraded } = await start({ 'limits.unauthenticated_bytes': 1_000_000 }, [concierge, gateway])
    const paths = ['/ws', '/gateway', '/ws', '/gateway']
    const sockets = await Promise.all(paths.map((path) => upgraded(path)))
    for (const [index, socket] of sockets.entries()) {
      socket.resume()
      socket.write(frameStart(900_000, 100_000 * (index + 1)))
    }
    const closed = new Set<number>()
    for (const [index, socket] of sockets.entries()) socket.once('close', () => closed.add(index))
    sockets[3]?.write(Buffer.alloc(300_000))
    await eventually(() => expect([...closed]).to.deep.equal([3]))
  })

  it('lock nobody with a good token out by their failures, at whatever door they fail', async () => {
    const { url, token, post } = await start({ 'limits.failed_logins_per_minute': 3, 'concierge.secret': 'hunter2' }, [concierge])
    const identify = async (secret: string): Promise<number | undefined> => {
      const client = await new ConciergeClient(url).open()
      cleanups.add(() => client.ws.terminate())
      client.send({ type: 'IDENTIFY', name: `n${secret.length}`, version: '0.1.0', secret })
      return Promise.race([client.closed.then(({ code }) => code), client.next().then(() => undefined)])
    }
    for (let i = 0; i < 5; i += 1) expect(await identify('guess')).to.equal(4006)
    expect(await identify('hunter2'), 'what can be guessed is not looked at any more').to.equal(4006)
    expect(await identify(token)).to.equal(undefined)
    expect((await post({ authorization: 'Bearer corral_wrong' })).status).to.equal(429)
    expect((await post({ authorization: `Bearer ${token}` }, '{}')).status).to.equal(200)
  })

  it('get no other door under the path of one that is off', async () => {
    const { url, open } = await start({ 'concierge.enabled': false, 'gateway.enabled': false }, [turntable, concierge, gateway])
    const statusOf = async (path: string): Promise<string | undefined> => {
      const socket = open()
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: turntable\r\n\r\n`)
      const [data] = await once(socket, 'data') as [Buffer]
      return /^HTTP\/1\.1 (\d+)/.exec(data.toString())?.[1]
    }
    expect(await Promise.all(['/', '/play', '/ws', '/gateway?x=1', '/api/elsewhere'].map(statusOf))).to.deep.equal(['101', '101', '404', '404', '404'])
  })
})
