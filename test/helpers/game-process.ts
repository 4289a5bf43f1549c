import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createSocket } from 'node:dgram'
import { applyFiles } from '../../lib/template/apply-files.ts'
import { findProgram } from '../../lib/template/find-program.ts'
import { LineMatcher } from '../../lib/template/line-matcher.ts'
import { renderLaunch } from '../../lib/template/render.ts'
import type { Template } from '../../lib/template/schema.ts'
import { resolveVariables } from '../../lib/template/variables.ts'
import type { Cleanups } from './cleanups.ts'
import { freePort } from './free-port.ts'
import { temporaryDirectory } from './temp-directory.ts'

/** A game started straight from its template, as a child process: no slave, no launcher. */
export interface GameProcess {
  readonly directory: string
  readonly ports: Readonly<Record<string, number>>
  readonly variables: Readonly<Record<string, string | number | boolean>>
  /** All lines so far, of stdout and stderr. */
  readonly lines: readonly string[]
  /** The first line, past or to come, for which `test` holds; fails at the deadline or when the game ends without it. */
  line(test: (line: string) => boolean, deadlineMs?: number): Promise<string>
  write(line: string): void
  kill(signal: NodeJS.Signals): void
  /** Exit code or signal. */
  readonly ended: Promise<number | string>
}

export interface GameOptions {
  readonly given?: Record<string, unknown>
  readonly directory?: string
  readonly ports?: Record<string, number>
}

/** Starts a game on 127.0.0.1 with free ports in a temporary directory; it is killed when the clean-ups run. */
export async function startGame(cleanups: Cleanups, template: Template, options: GameOptions = {}): Promise<GameProcess> {
  const directory = options.directory ?? await temporaryDirectory(cleanups)
  const ports: Record<string, number> = {}
  for (const [name, { protocol }] of Object.entries(template.ports ?? {})) {
    ports[name] = options.ports?.[name] ?? await (protocol === 'tcp' ? freePort() : freeUdpPort())
  }
  const variables = resolveVariables(template, options.given ?? {})
  const { argv: [program = '', ...args], cwd, env, files } = renderLaunch(template, {
    instance: { id: 1, name: 'arena' }, variables, ports, dataDirectory: directory, bindAddress: '127.0.0.1',
    program: await findProgram(template, process.env.PATH ?? ''),
  })
  await applyFiles(files, directory)
  const child = spawn(program, args, { cwd, env: { PATH: '/usr/bin:/bin', HOME: directory, ...env }, stdio: 'pipe' })
  const game = watch(child, { directory, ports, variables })
  cleanups.add(async () => {
    child.kill('SIGKILL')
    await game.ended
  })
  return game
}

/** Waits for the line that the template takes for ready. */
export function whenReady(game: GameProcess, template: Template): Promise<string> {
  const matcher = new LineMatcher(template)
  return game.line((line) => matcher.match(line).some(({ kind }) => kind === 'ready'), 60_000)
}

function watch(child: ChildProcess, facts: Pick<GameProcess, 'directory' | 'ports' | 'variables'>): GameProcess {
  const lines: string[] = []
  const watchers = new Set<(line: string | undefined) => void>()
  const tell = (line: string | undefined): void => {
    if (line !== undefined) lines.push(line)
    for (const watcher of watchers) watcher(line)
  }
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', tell)
  }
  child.stdin?.on('error', () => {})
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    tell(undefined)
    return (code ?? signal) as number | string
  })
  return {
    ...facts, lines, ended,
    line: (test, deadlineMs = 10_000) => new Promise((resolve, reject) => {
      const done = (act: () => void): void => {
        clearTimeout(timer)
        watchers.delete(look)
        act()
      }
      const fail = (why: string) => () => reject(new Error(`The line did not come: ${why}\n${lines.slice(-20).join('\n')}`))
      const look = (line: string | undefined): void => {
        if (line === undefined) done(fail('the game ended'))
        else if (test(line)) done(() => resolve(line))
      }
      const timer = setTimeout(() => done(fail('deadline')), deadlineMs)
      const past = lines.find(test)
      if (past !== undefined) done(() => resolve(past))
      else watchers.add(look)
    }),
    write: (line) => child.stdin?.write(`${line}\n`),
    kill: (signal) => child.kill(signal),
  }
}

/** A UDP port of 127.0.0.1 that is free now. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
