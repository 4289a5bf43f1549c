import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { eventually } from '../../helpers/eventually.ts'
import type { Bench } from './benchmark.ts'

const run = promisify(execFile)
const readyDeadlineMs = 30_000
const commandDeadlineMs = 60_000
/** Longer than a master or slave takes its time for a goodbye. */
const goodbyeMs = 30_000
const masterReady = / ready at (\S+)/

export interface SlaveIdentity {
  readonly id: number
  readonly name: string
  readonly token: string
}

/** A program of the measured package that stays. */
export class Program {
  readonly #process: ChildProcess

  constructor(process: ChildProcess) {
    this.#process = process
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    const force = setTimeout(() => this.#process.kill('SIGKILL'), goodbyeMs)
    await ended
    clearTimeout(force)
  }
}

/** A master of the measured package, as an operator starts it: bootstrapped in a folder of its own, on a free port. */
export class BenchCluster {
  master: Program
  readonly directory: string
  readonly url: string
  /** An administrator's token. */
  readonly token: string
  readonly #bench: Bench

  private constructor(bench: Bench, master: Program, { directory, url, token }: { directory: string; url: string; token: string }) {
    this.#bench = bench
    this.master = master
    this.directory = directory
    this.url = url
    this.token = token
  }

  /** `fields` are set in the master's config. */
  static async start(bench: Bench, fields: Readonly<Record<string, unknown>> = {}): Promise<BenchCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'corral-bench-'))
    bench.onEnd(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
    const config = join(directory, 'config-master.json')
    const made = JSON.parse(await command(bench, 'master', ['bootstrap', '--config', config, '--http-port', '0', '--json'])) as { token: string }
    await limitNothing(config, fields)
    const { program, ready } = await stay(bench, 'master', ['run', '--config', config], masterReady, bench.masterOptions)
    return new BenchCluster(bench, program, { directory, url: ready, token: made.token })
  }

  /** Calls the HTTP API. */
  async call<Result>(type: string, data: object = {}, token = this.token): Promise<Result> {
    const response = await fetch(`${this.url}/api/v1/${type}`, {
      method: 'POST',
      headers: { 'authorization': `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(data),
      signal: AbortSignal.timeout(commandDeadlineMs),
    })
    const body = await response.json() as Result
    if (!response.ok) throw new Error(`${type}: ${JSON.stringify(body)}`)
    return body
  }

  /** A slave of the cluster that a process of the benchmark can be. */
  async joinSlave(name: string, labels: Record<string, string> = {}): Promise<SlaveIdentity> {
    const { token } = await this.call<{ token: string }>('create_join_token')
    return this.call<SlaveIdentity>('join_slave', { name, labels }, token)
  }

  /** The real slave of the measured package, joined, running and connected. */
  async startSlave(name: string): Promise<Program> {
    const { token } = await this.call<{ token: string }>('create_join_token')
    const config = join(this.directory, `config-slave-${name}.json`)
    await command(this.#bench, 'slave', ['join', this.url, token, '--name', name, '--config', config, '--data-directory', join(this.directory, name)])
    const { program } = await stay(this.#bench, 'slave', ['run', '--config', config, '--stop-games-on-exit'], /Connected to the master at (\S+)/)
    await this.untilConnected(name)
    return program
  }

  /** Kills the master and starts it again at the same address. Resolves when it is ready. */
  async killAndRestart(): Promise<void> {
    await this.master.kill()
    const args = ['run', '--config', join(this.directory, 'config-master.json'), '--http-port', new URL(this.url).port]
    this.master = (await stay(this.#bench, 'master', args, masterReady, this.#bench.masterOptions)).program
  }

  /** Waits until the master knows that a slave is there. */
  async untilConnected(name: string): Promise<void> {
    await eventually(async () => {
      const { list } = await this.call<{ list: { name: string; connected: boolean }[] }>('list_slaves')
      if (!list.some((slave) => slave.name === name && slave.connected)) throw new Error(`Slave ${name} is not connected`)
    })
  }
}

async function command({ packageDirectory }: Bench, program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [join(packageDirectory, `bin/${program}.js`), ...args], { timeout: commandDeadlineMs })
  return stdout
}

/** One process is all the clients of a benchmark: the bounds on what one address and one link may do would be measured. */
async function limitNothing(config: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const values = JSON.parse(await readFile(config, 'utf8')) as object
  await writeFile(config, JSON.stringify({ ...values, 'limits.unauthenticated_connections': 100_000, 'limits.messages_per_second': 10_000_000, ...fields }), { mode: 0o600 })
}

/** Starts a program that stays and waits for the line that says that it is ready. */
async function stay(
  bench: Bench, name: string, args: readonly string[], readyLine: RegExp, nodeOptions: readonly string[] = [],
): Promise<{ program: Program; ready: string }> {
  const child = spawn(process.execPath, [...nodeOptions, join(bench.packageDirectory, `bin/${name}.js`), ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const program = new Program(child)
  bench.onEnd(() => program.stop())
  const printed: string[] = []
  const ready = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(new Error(`The ${name} ${why}: ${printed.join('\n')}`))
    }
    const timer = setTimeout(() => fail('was not ready in time'), readyDeadlineMs)
    child.once('exit', (code) => fail(`ended with ${code}`))
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (printed.length < 100) printed.push(line)
      const found = readyLine.exec(line)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    })
  })
  return { program, ready }
}
