import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import type { RequestDefinition, RequestOf, ResponseOf } from '../../lib/link/define.ts'
import { readConsole } from '../../lib/link/messages/console.ts'
import { createInstance, listInstances } from '../../lib/link/messages/instances.ts'
import type { InstanceInfo } from '../../lib/link/messages/instances.ts'
import { createJoinToken, listSlaves } from '../../lib/link/messages/slaves.ts'
import { check } from '../../lib/link/validate.ts'
import { postJson } from '../../lib/net/post-json.ts'
import type { Cleanups } from './cleanups.ts'
import { Control } from './control.ts'
import type { ControlOptions } from './control.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { gameProcessesUnder, killGamesUnder } from './game-processes.ts'
import { Program, runToEnd } from './program.ts'
import type { Finished } from './program.ts'
import { temporaryDirectory } from './temp-directory.ts'

export interface ClusterOptions {
  /** Slaves that join and run; one, `east`, when left out. */
  readonly slaves?: readonly string[]
  /** Fields of config-master.json. */
  readonly master?: Readonly<Record<string, unknown>>
  /** Fields of each slave's config. */
  readonly slave?: Readonly<Record<string, unknown>>
  readonly masterArgs?: readonly string[]
  readonly slaveArgs?: readonly string[]
  /** Templates of the user's own, by file name. */
  readonly templates?: Readonly<Record<string, string>>
  /** Address that clients use, instead of `http://127.0.0.1:PORT`. */
  readonly scheme?: 'http' | 'https'
  /** PEM file of the authority that clients trust. */
  readonly tlsCa?: string
}

type NewInstance = Omit<RequestOf<typeof createInstance>, 'name' | 'template'> & { template?: string }

// Tests are on real time: what takes seconds in a cluster that somebody runs takes milliseconds here.
const quickLink = { 'link.heartbeat_ms': 500, 'link.heartbeat_timeout_ms': 3_000, 'link.resume_window_ms': 2_000 }
const quickRestarts = { 'restart.base_ms': 40, 'restart.cap_ms': 200, 'restart.attempts': 3 }
const portsPerSlave = 20
let nextPort = 20_000 + Math.floor(Math.random() * 500) * portsPerSlave

/** A real master and real slaves as child processes, in a directory of their own and on free ports. */
export class TestCluster {
  readonly directory: string
  readonly url: string
  readonly token: string
  readonly joinToken: string
  readonly ca: string | undefined
  readonly #options: ClusterOptions
  readonly #slaves = new Map<string, Program>()
  readonly #controls = new Set<Control>()
  #master: Program | undefined

  private constructor(directory: string, bootstrapped: { url: string; token: string; join_token: string }, ca: string | undefined, options: ClusterOptions) {
    this.directory = directory
    this.url = bootstrapped.url
    this.token = bootstrapped.token
    this.joinToken = bootstrapped.join_token
    this.ca = ca
    this.#options = options
  }

  /** Bootstraps and runs a cluster; it ends with the clean-ups. */
  static async start(cleanups: Cleanups, options: ClusterOptions = {}): Promise<TestCluster> {
    const directory = await temporaryDirectory(cleanups)
    const cluster = await TestCluster.#bootstrap(directory, options)
    cleanups.add(() => cluster.#close())
    await cluster.startMaster()
    for (const name of options.slaves ?? ['east']) await cluster.addSlave(name)
    return cluster
  }

  static async #bootstrap(directory: string, options: ClusterOptions): Promise<TestCluster> {
    const { templates, master = {}, scheme = 'http', tlsCa } = options
    const port = await freePort()
    const url = `${scheme}://127.0.0.1:${port}`
    const made = await runToEnd('master', ['bootstrap', '--json', '--http-port', String(port), '--public-url', url], { cwd: directory })
    if (made.code !== 0) throw new Error(`master bootstrap failed: ${made.stderr}`)
    await change(join(directory, 'config-master.json'), { ...quickLink, ...(templates ? { templates_directory: 'templates' } : {}), ...master })
    await mkdir(join(directory, 'templates'))
    for (const [name, text] of Object.entries(templates ?? {})) await writeFile(join(directory, 'templates', name), text)
    const ca = tlsCa === undefined ? undefined : await readFile(tlsCa, 'utf8')
    return new TestCluster(directory, JSON.parse(made.stdout) as { url: string; token: string; join_token: string }, ca, options)
  }

  get master(): Program {
    if (!this.#master) throw new Error('The master was not started')
    return this.#master
  }

  slave(name = 'east'): Program {
    const slave = this.#slaves.get(name)
    if (!slave) throw new Error(`There is no slave ${name}`)
    return slave
  }

  /** Starts the master, for the first time or again, and resolves when it is ready. */
  async startMaster(args: readonly string[] = this.#options.masterArgs ?? []): Promise<void> {
    this.#master = new Program('master', ['run', ...args], { cwd: this.directory })
    await this.#master.untilLog(/The master is ready/)
  }

  /** Joins a slave with a new token and runs it. */
  async addSlave(name: string): Promise<void> {
    await this.joinSlave(name)
    await this.startSlave(name)
  }

  async joinSlave(name: string): Promise<void> {
    const { token } = await this.api(createJoinToken, {})
    const { tlsCa } = this.#options
    const joined = await runToEnd('slave', [
      'join', this.url, token, '--name', name, '--config', configOf(name), '--data-directory', `data-${name}`, ...(tlsCa === undefined ? [] : ['--tls-ca', tlsCa]),
    ], { cwd: this.directory })
    if (joined.code !== 0) throw new Error(`slave join failed: ${joined.stderr}`)
    const ports = { port_first: nextPort, port_last: nextPort + portsPerSlave - 1 }
    nextPort += portsPerSlave
    await change(join(this.directory, configOf(name)), { ...quickLink, ...quickRestarts, ...ports, ...this.#options.slave })
  }

  /** Starts a slave, for the first time or again, and resolves when the master has it, unless that is away. */
  async startSlave(name = 'east', { isMasterAway = false } = {}): Promise<void> {
    const program = new Program('slave', ['run', '--config', configOf(name), ...(this.#options.slaveArgs ?? [])], { cwd: this.directory })
    this.#slaves.set(name, program)
    await program.untilLog(isMasterAway ? /is ready/ : /Connected to the master/)
    if (!isMasterAway) await this.untilConnected(name, true)
  }

  async untilConnected(name: string, isConnected: boolean): Promise<void> {
    await eventually(async () => {
      const { list } = await this.api(listSlaves, {})
      if (list.find((slave) => slave.name === name)?.connected !== isConnected) throw new Error(`it is ${JSON.stringify(list)}`)
    }, { deadlineMs: 10_000, what: `Slave ${name} ${isConnected ? 'connected' : 'away'}` })
  }

  /** Where a slave keeps an instance. */
  instanceDirectory(id: number, slave = 'east'): string {
    return join(this.directory, `data-${slave}`, 'instances', String(id))
  }

  /** A request over HTTP. Throws the error that the master answers. */
  async api<D extends RequestDefinition>(definition: D, data: RequestOf<D>, { token = this.token, deadlineMs = 30_000 } = {}): Promise<ResponseOf<D>> {
    const answer = await postJson(new URL(`/api/v1/${definition.type}`, this.url), data as object, { token, ca: this.ca, deadlineMs })
    return check(definition.response, answer, definition.type) as ResponseOf<D>
  }

  /** A control's link. */
  async link(options: Partial<Omit<ControlOptions, 'url'>> = {}): Promise<Control> {
    const control = await Control.connect({ url: this.url, token: this.token, ca: this.ca, ...options })
    this.#controls.add(control)
    return control
  }

  /** Runs ctl as an operator would, in the directory of config-control.json. */
  ctl(...args: string[]): Promise<Finished> {
    return runToEnd('ctl', args, { cwd: this.directory })
  }

  /** Makes an instance, of the template `sample` unless another is named. */
  async create(name: string, { template = 'sample', ...rest }: NewInstance = {}): Promise<InstanceInfo> {
    const { instance } = await this.api(createInstance, { name, template, ...rest })
    if (!instance) throw new Error('The master does not show what it has made')
    return instance
  }

  async state(id: number): Promise<InstanceInfo> {
    const found = (await this.api(listInstances, {})).list.find((instance) => instance.id === id)
    if (!found) throw new Error(`There is no instance ${id}`)
    return found
  }

  /** The state of an instance once it fits. */
  until(id: number, fits: (state: InstanceInfo) => boolean, deadlineMs = 10_000): Promise<InstanceInfo> {
    return eventually(async () => {
      const state = await this.state(id)
      if (!fits(state)) throw new Error(`it is ${JSON.stringify(state)}`)
      return state
    }, { deadlineMs, what: `The state of instance ${id}` })
  }

  /** All that a run of an instance has printed; the newest run when none is named. */
  async console(id: number, run?: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let from: number | undefined; ;) {
      const read = await this.api(readConsole, { instance_id: id, ...(run === undefined ? {} : { run }), ...(from === undefined ? {} : { from }) })
      const bytes = decodeBytes(read.chunk)
      pieces.push(bytes)
      from = read.chunk.offset + bytes.length
      run = read.chunk.run
      if (bytes.length === 0 || from >= read.end) return Buffer.concat(pieces)
    }
  }

  /** Resolves with an instance's console once it contains a text. */
  untilConsole(id: number, text: string, run?: number): Promise<string> {
    return eventually(async () => {
      const console = (await this.console(id, run)).toString()
      if (!console.includes(text)) throw new Error(`it is ${console}`)
      return console
    }, { deadlineMs: 10_000, what: `"${text}" on the console of instance ${id}` })
  }

  /** Processes of this cluster's games, whatever slave started them. */
  gameProcesses(): number[] {
    return gameProcessesUnder(this.directory)
  }

  async #close(): Promise<void> {
    for (const control of this.#controls) control.close()
    for (const program of [...this.#slaves.values(), this.#master]) if (program?.isRunning) await program.end('SIGKILL')
    await killGamesUnder(this.directory)
  }
}

function configOf(slave: string): string {
  return `config-slave-${slave}.json`
}

async function change(file: string, fields: object): Promise<void> {
  const before = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...before, ...fields }), { mode: 0o600 })
}
