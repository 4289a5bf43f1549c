import { hash } from '@node-rs/argon2'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { RoleName } from '../../lib/auth/role.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { putIn } from '../../lib/store/store.ts'
import type { Store } from '../../lib/store/store.ts'
import { IdSequence } from '../../master/services/ids.ts'
import { UserService } from '../../master/services/users.ts'
import type { UserRecord } from '../../master/services/users.ts'
import { plugin } from '../../plugins/bester/index.ts'
import type { Cleanups } from './cleanups.ts'
import { freePort } from './free-port.ts'
import { startTestMaster } from './master.ts'
import type { TestMaster } from './master.ts'
import { temporaryDirectory } from './temp-directory.ts'

// What a frame holds is up to the test to say.
export type Json = any // oxlint-disable-line typescript/no-explicit-any

const deadlineMs = 8_000

export const loginReport = { header: { messageType: 'statusReport', status: 'good' }, payload: { id: 'auth_special' } }

export function report(id: string, status: 'good' | 'bad'): Json {
  return { header: { messageType: 'statusReport', status }, payload: { id } }
}

export function delivery(type: string, data: Json): Json {
  return { header: { status: 'good', messageType: 'receivedMessage' }, payload: { data, type } }
}

export function frame(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(4)
  head.writeInt32LE(bytes.length)
  return Buffer.concat([head, bytes])
}

/** Whole frames at the head of `data`, and what is left. */
export function cut(data: Buffer): { bodies: string[]; rest: Buffer } {
  const bodies: string[] = []
  let rest = data
  while (rest.length >= 4 && rest.length >= 4 + rest.readInt32LE(0)) {
    const end = 4 + rest.readInt32LE(0)
    bodies.push(rest.toString('utf8', 4, end))
    rest = rest.subarray(end)
  }
  return { bodies, rest }
}

/** A client as others write it: on plain sockets, knowing JSON and nothing of the server. */
export class BesterClient {
  readonly socket: Socket
  readonly #bodies: string[] = []
  #rest: Buffer = Buffer.alloc(0)
  #hasEnded = false
  #wake: () => void = () => {}

  constructor(address: { port: number; host?: string } | { path: string }) {
    this.socket = 'path' in address ? connect(address) : connect({ host: '127.0.0.1', ...address })
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {})
    this.socket.on('data', (data: Buffer) => {
      const { bodies, rest } = cut(Buffer.concat([this.#rest, data]))
      this.#rest = rest
      this.#bodies.push(...bodies)
      this.#wake()
    })
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.#hasEnded = true
        this.#wake()
      })
    }
  }

  raw(bytes: Buffer): this {
    this.socket.write(bytes)
    return this
  }

  send(value: Json): this {
    return this.raw(frame(JSON.stringify(value)))
  }

  /** Sends a message that is not the first. */
  message(type: string, data: Json, id?: string): this {
    return this.send({ header: {}, payload: { type, data, ...(id === undefined ? {} : { id }) } })
  }

  /** The next frame, or 'closed'. */
  async next(): Promise<Json> {
    const text = await this.nextText()
    return text === 'closed' ? text : JSON.parse(text)
  }

  async nextText(): Promise<string> {
    const deadline = Date.now() + deadlineMs
    for (;;) {
      const body = this.#bodies.shift()
      if (body !== undefined) return body
      if (this.#hasEnded) return 'closed'
      const remainingMs = deadline - Date.now()
      if (remainingMs <= 0) throw new Error(`Nothing came within ${deadlineMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remainingMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async ask(type: string, data: Json, id?: string): Promise<Json> {
    return this.message(type, data, id).next()
  }

  /** All frames that came before the answer to a question asked now. */
  async settled(): Promise<Json[]> {
    this.message('dummy', null, 'settled')
    const frames: Json[] = []
    for (;;) {
      const got = await this.next()
      if (got === 'closed' || got.payload.id === 'settled') return frames
      frames.push(got)
    }
  }
}

/** What a handler answers: a value as JSON, bytes as they are, or nothing ever. */
type Answer = object | Buffer | undefined

/** A message handler as others write it: listens on a unix socket, answers one frame for each connection. */
export class TestHandler {
  /** What it was sent, as it came. */
  readonly got: string[] = []
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async start(cleanups: Cleanups, path: string, answer: (data: Json, text: string) => Answer): Promise<TestHandler> {
    const handler = new TestHandler(path)
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      let rest: Buffer = Buffer.alloc(0)
      socket.on('data', (data: Buffer) => {
        const found = cut(Buffer.concat([rest, data]))
        rest = found.rest
        for (const text of found.bodies) {
          handler.got.push(text)
          const reply = answer(JSON.parse(text), text)
          if (Buffer.isBuffer(reply)) socket.end(reply)
          else if (reply) socket.write(frame(JSON.stringify(reply)))
        }
      })
    })
    server.listen({ path })
    await once(server, 'listening')
    cleanups.add(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
    return handler
  }
}

/** A reply as real handlers send it. */
export function reply(command: string, list: Json, data: Json): object {
  return { header: { status: '0', command: { type: command, data: list } }, data }
}

export interface TestBester extends TestMaster {
  readonly tcp4: number
  readonly tcp6: number
  readonly users: UserService
  /** A path in a directory of the test's own. */
  path(name: string): string
  connect(): BesterClient
  /** A client whose login is behind it. */
  login(name?: string): Promise<BesterClient>
  informer(): BesterClient
  handler(type: string, answer: (data: Json, text: string) => Answer): Promise<TestHandler>
}

export interface BesterOptions {
  /** Types that have a socket; `handler` listens on it. */
  readonly handlers?: readonly string[]
  /** Types that are requests of the cluster. */
  readonly requests?: Readonly<Record<string, string>>
  /** Fields of the plugin, without their prefix. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  readonly users?: Readonly<Record<string, RoleName>>
  readonly log?: Logger
}

/** What all test users log in with. */
export const password = 'correct horse'

/** A login as a first message. */
export function login(username: Json = 'alice', given: Json = password, payload?: Json): Json {
  return { header: { authentication: { username, password: given }, scope: 'client' }, ...(payload === undefined ? {} : { payload }) }
}

/** Of the cheapest kind: the tests log in some hundred times. */
const passwordHash = hash(password, { memoryCost: 8, timeCost: 1, parallelism: 1 })

async function addUsers(store: Store, users: Readonly<Record<string, RoleName>>): Promise<void> {
  const ids = new IdSequence(store, 'user')
  const now = new Date().toISOString()
  for (const [name, role] of Object.entries(users)) {
    const { id, write } = ids.take()
    const record: UserRecord = { id, name, role, password_hash: await passwordHash, password_number: 1, created_at: now, password_changed_at: now }
    await store.batch([write, putIn(store.collection<UserRecord>('users'), String(id), record)])
  }
}

/** A master with the bester door, on free ports, with the users alice and bob. */
export async function startBester(cleanups: Cleanups, { handlers = [], requests = {}, fields = {}, config = {}, users = {}, log }: BesterOptions = {}): Promise<TestBester> {
  const directory = await temporaryDirectory(cleanups)
  const path = (name: string): string => join(directory, name)
  const [tcp4, tcp6] = await Promise.all([freePort(), freePort()])
  const store = openMemoryStore()
  await addUsers(store, { alice: 'viewer', bob: 'viewer', ...users })
  const service = new UserService(store)
  const all = {
    tcp4_port: tcp4, tcp6_port: tcp6, unix_path: path('bester.sock'), informer_path: path('informer.sock'), handler_timeout_ms: 400,
    handlers: Object.fromEntries([
      ...handlers.map((type) => [type, { socket: path(`${type}.sock`) }] as const),
      ...Object.entries(requests).map(([type, request]) => [type, { request }] as const),
    ]),
    ...fields,
  }
  const master = await startTestMaster(cleanups, {
    store,
    plugins: [plugin],
    config: { ...Object.fromEntries(Object.entries(all).map(([name, value]) => [`bester.${name}`, value])), ...config },
    ...(log ? { log } : {}),
  })
  const opened = (client: BesterClient): BesterClient => {
    cleanups.add(() => { client.socket.destroy() })
    return client
  }
  const connectTo = (): BesterClient => opened(new BesterClient({ port: tcp4 }))
  return {
    ...master, tcp4, tcp6, path,
    users: service,
    connect: connectTo,
    login: async (name = 'alice') => {
      const client = connectTo().send(login(name))
      const first = await client.next()
      if (JSON.stringify(first) !== JSON.stringify(loginReport)) throw new Error(`The login was answered with ${JSON.stringify(first)}`)
      return client
    },
    informer: () => opened(new BesterClient({ path: path('informer.sock') })),
    handler: (type, answer) => TestHandler.start(cleanups, path(`${type}.sock`), answer),
  }
}
