import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../lib/log/logger.ts'
import { parseTemplate } from '../../lib/template/parse.ts'
import { PortAllocator } from '../../slave/ports/allocator.ts'
import { OwnTemplates } from '../../slave/template/own-templates.ts'
import type { Given } from '../../slave/template/complete-assignment.ts'
import { SlaveState } from '../../slave/supervisor/slave-state.ts'
import { Supervisor } from '../../slave/supervisor/supervisor.ts'
import type { SupervisorListener } from '../../slave/supervisor/supervisor.ts'
import { killGamesUnder } from './game-processes.ts'

const listener: SupervisorListener = { added() {}, removed() {}, changed() {}, activity() {}, runBegan() {}, runEnded() {} }

/** Supervisors for tests, one after the other on the same data directory; `close()` kills their games. */
export class TestSupervisors {
  readonly directory = mkdtempSync(join(tmpdir(), 'corral-supervisor-'))
  #supervisor: Supervisor | undefined
  #state: SlaveState | undefined

  get state(): SlaveState {
    if (!this.#state) throw new Error('No supervisor was started')
    return this.#state
  }

  /** A supervisor that has recovered, instead of the one before, which lets go first. */
  async next(more: Partial<SupervisorListener> = {}): Promise<Supervisor> {
    await this.letGo()
    const state = this.#state = await SlaveState.open(this.directory, silentLogger)
    this.#supervisor = new Supervisor(this.directory, {
      log: silentLogger,
      ports: new PortAllocator({ first: 40_000, last: 40_010 }),
      templates: new OwnTemplates(undefined, silentLogger),
      restart: { baseMs: 10, capMs: 10, maxAttempts: 3, windowMs: 60_000 },
      runAs: undefined,
      keptRuns: 3,
      env: process.env,
      isDraining: () => state.drain !== null,
    }, { ...listener, ...more })
    await this.#supervisor.recover()
    return this.#supervisor
  }

  /** Ends what the supervisor does; its games go on. */
  async letGo(): Promise<void> {
    await this.#supervisor?.detach()
    this.#supervisor = undefined
  }

  /** Where instance `id` is kept. */
  instance(id: number): string {
    return join(this.directory, 'instances', String(id))
  }

  async close(): Promise<void> {
    await this.letGo()
    await killGamesUnder(this.directory)
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

interface ShellGame {
  readonly name?: string
  readonly policy?: 'never' | 'on-failure'
  /** What is run before it is started. */
  readonly prepare?: string
}

/** What a master gives: an instance whose game is a shell script that does nothing. */
export function shellGame(id: number, { name = `game-${id}`, policy = 'on-failure', prepare = 'true' }: ShellGame = {}): Given {
  const template = parseTemplate(`
id: shell
name: Shell
program: { command: /bin/sh }
args: ['-c', 'echo up; exec sleep 1000']
prepare: [{ args: ['-c', '${prepare}'] }]
console: { input: none }
stop: { signal: SIGTERM, grace_ms: 1000, term_grace_ms: 500 }
`, 'shell.yaml')
  return { instance: { id, name, variables: {}, ports: {}, restart_policy: policy, console_limit_bytes: 65_536, template } }
}
