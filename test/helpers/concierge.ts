import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { RoleName } from '../../lib/auth/role.ts'
import type { MasterContext, Plugin } from '../../lib/plugin.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { TokenService } from '../../master/services/tokens.ts'
import { plugin } from '../../plugins/concierge/index.ts'
import { openConcierge } from '../../plugins/concierge/master.ts'
import type { ConciergeConfig } from '../../plugins/concierge/master.ts'
import type { Cleanups } from './cleanups.ts'
import { Inbox } from './inbox.ts'
import { startTestMaster } from './master.ts'
import type { TestMaster } from './master.ts'

// What a frame holds is up to the test to say.
export type Frame = Record<string, any> // oxlint-disable-line typescript/no-explicit-any

interface Closed {
  readonly code: number
  readonly reason: string
}

const deadlineMs = 8_000

/** A client of the concierge as others write it: on ws, knowing JSON and nothing of the server. */
export class ConciergeClient {
  readonly ws: WebSocket
  /** Resolves with the code of the close. */
  readonly closed: Promise<Closed>
  uuid = ''
  /** Text frames as they came and have not been taken. */
  readonly #inbox = new Inbox<string>(deadlineMs)

  constructor(url: string, protocols: string | string[] = 'ert-concierge') {
    this.ws = new WebSocket(`${url.replace('http', 'ws')}/ws`, protocols)
    this.ws.on('error', () => {})
    this.ws.on('message', (data: Buffer) => this.#inbox.push(data.toString()))
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#inbox.end(`The connection was closed with ${code}: ${reason.toString()}`)
      })
    })
  }

  async open(): Promise<this> {
    if (this.ws.readyState !== WebSocket.OPEN) await once(this.ws, 'open')
    return this
  }

  /** The connection under the WebSocket. */
  get socket(): Duplex {
    return (this.ws as unknown as { _socket: Duplex })._socket
  }

  send(payload: object): void {
    this.ws.send(JSON.stringify(payload))
  }

  raw(text: string): void {
    this.ws.send(text)
  }

  /** The next frame, parsed. */
  async next(): Promise<Frame> {
    return JSON.parse(await this.nextText()) as Frame
  }

  nextText(): Promise<string> {
    return this.#inbox.take()
  }

  /** Sends a payload and gives the next frame. */
  ask(payload: object): Promise<Frame> {
    this.send(payload)
    return this.next()
  }

  /** Takes all frames up to one that fits, which is the last of them. */
  async until(fits: (frame: Frame) => boolean): Promise<Frame[]> {
    const frames: Frame[] = []
    for (;;) {
      const frame = await this.next()
      frames.push(frame)
      if (fits(frame)) return frames
    }
  }

  /** All frames that came before the answer to a question asked now: what the server had for this client. */
  async settled(): Promise<Frame[]> {
    this.send({ type: 'SELF_FETCH' })
    return (await this.until(({ type }) => type === 'SELF_FETCH_RESULT')).slice(0, -1)
  }

  async close(): Promise<void> {
    this.ws.close()
    await this.closed
  }
}

export interface TestConcierge extends TestMaster {
  /** A connection that has not identified itself. */
  connect(protocols?: string | string[]): Promise<ConciergeClient>
  /** A client with its HELLO behind it. The CLIENT_JOINED that the others get stays with them. */
  join(name: string, more?: object): Promise<ConciergeClient>
  fetchFile(path: string, options?: RequestInit): Promise<Response>
  /** A token of the cluster of each role. */
  readonly tokens: Readonly<Record<RoleName, { readonly token: string; revoke(): Promise<void> }>>
  /** Calls the HTTP API; throws with the error's text. */
  call(type: string, data: object, token: string): Promise<Frame>
}

export interface ConciergeOptions {
  readonly config?: Readonly<Record<string, unknown>>
  readonly dataDirectory?: string
  /** Puts something of the test's in place of what the master gives the plugin. */
  adapt?(context: MasterContext<ConciergeConfig>): MasterContext<ConciergeConfig>
}

/** A master with the concierge; its fields are given without their prefix. */
export async function startConcierge(
  cleanups: Cleanups, fields: Readonly<Record<string, unknown>> = {}, { config = {}, adapt = (context) => context, ...rest }: ConciergeOptions = {},
): Promise<TestConcierge> {
  const prefixed = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`concierge.${name}`, value]))
  const store = openMemoryStore()
  const tokens = await createTokens(store)
  const master = await startTestMaster(cleanups, {
    ...rest, store,
    plugins: [{ ...plugin, master: (context: MasterContext<ConciergeConfig>) => openConcierge(adapt(context)) } as unknown as Plugin<never>],
    config: { ...prefixed, ...config },
  })
  const connect = async (protocols?: string | string[]): Promise<ConciergeClient> => {
    const client = new ConciergeClient(master.url, protocols)
    cleanups.add(() => client.ws.terminate())
    return client.open()
  }
  return {
    ...master,
    connect,
    tokens,
    join: async (name, more = {}) => {
      const client = await connect()
      const hello = await client.ask({ type: 'IDENTIFY', name, version: '0.1.0', ...more })
      if (hello.type !== 'HELLO') throw new Error(`Expected HELLO, got ${JSON.stringify(hello)}`)
      client.uuid = hello.uuid as string
      return client
    },
    call: async (type, data, token) => {
      const response = await fetch(`${master.url}/api/v1/${type}`, {
        method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(data),
      })
      const body = await response.json() as Frame
      if (!response.ok) throw new Error(`${type}: ${JSON.stringify(body)}`)
      return body
    },
    fetchFile: (path, options) => fetch(`${master.url}/fs/${path}`, options),
  }
}

// Before the master begins to count its own.
async function createTokens(store: Store): Promise<TestConcierge['tokens']> {
  const service = new TokenService(store)
  const roles: readonly RoleName[] = ['admin', 'viewer', 'slave', 'join']
  const made = await Promise.all(roles.map(async (role) => {
    const { token, record } = await service.create({ name: role, role })
    return [role, { token, revoke: () => service.revoke(record.id) }] as const
  }))
  return Object.fromEntries(made) as TestConcierge['tokens']
}
