import { plugin } from '../../plugins/turntable/index.ts'
import type { Cleanups } from './cleanups.ts'
import { freePort } from './free-port.ts'
import { startTestMaster } from './master.ts'
import type { TestMaster } from './master.ts'
import { TestClient } from './turntable-client.ts'
import type { ClientOptions } from './turntable-client.ts'

/** What the servers of a test show one another. */
export const peerSecret = 'a secret of servers'

export interface TestTurntable extends TestMaster {
  connect(options?: ClientOptions): Promise<TestClient>
  /** A client who has said who he is. */
  user(id: string): Promise<TestClient>
}

/** One server that is alone. */
export async function startTurntable(cleanups: Cleanups, config: Readonly<Record<string, unknown>> = {}): Promise<TestTurntable> {
  const master = await startTestMaster(cleanups, { plugins: [plugin], config })
  return {
    ...master,
    connect: (options = {}) => TestClient.connect(cleanups, master.wsUrl, options),
    user: (id) => TestClient.user(cleanups, master.wsUrl, id),
  }
}

/** Several servers that know one another. A user's own server is found by his id: of two, `1:100` is of the first, `1:200` of the second. */
export class TestTurntables {
  /** Their addresses. */
  readonly servers: string[] = []
  readonly masters: TestMaster[] = []
  readonly #cleanups: Cleanups

  constructor(cleanups: Cleanups) {
    this.#cleanups = cleanups
  }

  /** Reserves addresses for so many servers, and starts the first of them. */
  readonly start = async (count: number, running = count, config: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    this.servers.length = 0
    this.masters.length = 0
    while (this.servers.length < count) this.servers.push(`ws://127.0.0.1:${await freePort()}`)
    for (let self = 0; self < running; self++) this.masters[self] = await this.startOne(self, config)
  }

  readonly startOne = (self: number, config: Readonly<Record<string, unknown>> = {}): Promise<TestMaster> => startTestMaster(this.#cleanups, {
    plugins: [plugin],
    port: this.port(self),
    config: { 'turntable.servers': this.servers, 'turntable.self': self, 'turntable.peer_secret': peerSecret, ...config },
  })

  readonly port = (self: number): number => Number(new URL(this.servers[self] ?? '').port)

  readonly connect = (self: number, options: ClientOptions = {}): Promise<TestClient> => TestClient.connect(this.#cleanups, this.servers[self] ?? '', options)

  readonly user = (self: number, id: string): Promise<TestClient> => TestClient.user(this.#cleanups, this.servers[self] ?? '', id)

  readonly subscribed = async (self: number, ids: readonly string[]): Promise<TestClient> => {
    const client = await this.connect(self)
    client.send('subscribe', ids)
    return client
  }
}

/** Reads the states of users as a client learns them, until they are these. */
export async function untilStates(client: TestClient, states: Readonly<Record<string, string>>): Promise<void> {
  const known = new Map<string, string>()
  while (Object.entries(states).some(([id, status]) => known.get(id) !== status)) {
    for (const [id, status] of Object.entries(await client.expect('userchange') as Record<string, string>)) known.set(id, status)
  }
}
