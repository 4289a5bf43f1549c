import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanups } from './cleanups.ts'
import type { ForeignMaster } from './foreign-master.ts'
import type { ForeignPeer } from './foreign-peer.ts'
import { gameProcessesUnder, killGamesUnder } from './game-processes.ts'
import { Program, runToEnd } from './program.ts'
import { temporaryDirectory } from './temp-directory.ts'

// Tests are on real time: what takes seconds for those who run a slave takes milliseconds here.
const quick = { 'reconnect.base_ms': 20, 'reconnect.cap_ms': 200, 'restart.base_ms': 40, 'restart.cap_ms': 200, 'link.heartbeat_ms': 500, 'link.heartbeat_timeout_ms': 3_000 }
const portsPerSlave = 20
let nextPort = 16_000 + Math.floor(Math.random() * 150) * portsPerSlave

interface BaseSlaveOptions {
  readonly id?: number
  readonly name?: string
  /** Fields of its config. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** Our slave as a process of its own, joined to a foreign master. */
export class BaseSlave {
  readonly directory: string
  readonly id: number
  readonly #master: ForeignMaster
  #program: Program | undefined

  private constructor(directory: string, id: number, master: ForeignMaster) {
    this.directory = directory
    this.id = id
    this.#master = master
  }

  /** Joins and runs; ends with the clean-ups, its games too. */
  static async start(cleanups: Cleanups, master: ForeignMaster, { id = 7, name = 'east', config = {} }: BaseSlaveOptions = {}): Promise<BaseSlave> {
    const directory = await temporaryDirectory(cleanups)
    const slave = new BaseSlave(directory, id, master)
    cleanups.add(async () => {
      if (slave.#program?.isRunning) await slave.#program.end('SIGKILL')
      await killGamesUnder(directory)
    })
    const joined = await runToEnd('slave', ['join', master.url, master.token, '--dialect', 'base', '--id', String(id), '--name', name], { cwd: directory })
    if (joined.code !== 0) throw new Error(`slave join failed: ${joined.stderr}`)
    await slave.configure({ ...quick, port_first: nextPort, port_last: nextPort + portsPerSlave - 1, ...config })
    nextPort += portsPerSlave
    await slave.run()
    return slave
  }

  get program(): Program {
    if (!this.#program) throw new Error('The slave was not started')
    return this.#program
  }

  /** Its connection to the foreign master. */
  get peer(): ForeignPeer {
    const peer = this.#master.slave(this.id)
    if (!peer) throw new Error(`The slave is not connected; its log:\n${this.program.log}`)
    return peer
  }

  /** Sets fields of its config file. */
  async configure(fields: Readonly<Record<string, unknown>>): Promise<void> {
    const file = join(this.directory, 'config-slave.json')
    const before = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...before, ...fields }), { mode: 0o600 })
  }

  /** Starts the process, for the first time or again. */
  async run(args: readonly string[] = []): Promise<void> {
    this.#program = new Program('slave', ['run', ...args], { cwd: this.directory })
    await this.#program.untilLog(/ is ready/)
  }

  instanceDirectory(id: number): string {
    return join(this.directory, 'slave-data', 'instances', String(id))
  }

  gameProcesses(): number[] {
    return gameProcessesUnder(this.directory)
  }
}

/** The configuration of an instance as other makers' masters give it. */
export function configOf(id: number, name: string, slaveId: number | null, corral?: Readonly<Record<string, unknown>>) {
  return [
    { name: 'instance', fields: { name, id, assigned_slave: slaveId } },
    { name: 'factorio', fields: { version: 'latest', game_port: null, settings: { tags: ['a'], max: 1.5 } } },
    ...(corral ? [{ name: 'corral', fields: { ...corral } }] : []),
  ]
}
