import { execFile } from 'node:child_process'
import { chown, lchown, readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Assignment } from '../../lib/link/messages/instances.ts'
import { applyFiles } from '../../lib/template/apply-files.ts'
import { findProgram } from '../../lib/template/find-program.ts'
import { renderLaunch } from '../../lib/template/render.ts'
import type { PrepareStep } from '../../lib/template/render.ts'
import { resolveVariables } from '../../lib/template/variables.ts'
import { isPortFree } from '../ports/allocator.ts'
import { Run } from '../run/run.ts'
import type { Host } from './host.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'

type Planned = Pick<InstanceRecord, 'assignment' | 'ports'>

const execute = promisify(execFile)

/** Whether the game could be started: its program is there and its ports are free. Throws `program_missing`, `port_taken`. */
export async function checkLaunch({ assignment: { template }, ports }: Planned, host: Host): Promise<string> {
  const program = await findProgram(template, host.env.PATH ?? '')
  for (const [name, port] of Object.entries(ports)) {
    const protocol = template.ports?.[name]?.protocol
    if (protocol && !await isPortFree(port, protocol)) {
      throw new ClusterError('port_taken', `Port ${port}/${protocol} (${name}) is in use on the slave's host by another program; stop that, or set ports.${name} of the instance`, { details: { port, protocol } })
    }
  }
  return program
}

/** What of an instance's bound the console of one run may use: half, the other half is for the runs before it. */
export function runLimitBytes({ console_limit_bytes: bytes }: Assignment): number {
  return Math.floor(bytes / 2)
}

interface LaunchControl {
  /** Ends the preparation; a game that has begun is not affected. */
  readonly signal: AbortSignal
  onWarning(text: string): void
}

/**
 * Writes the game's files and starts it. Throws `program_missing`, `port_taken`, `start_failed`, `invalid_variable`, `disk_full`,
 * and `wrong_state` when it is not wanted any more.
 */
export async function launchGame(number: number, planned: Planned, directory: InstanceDirectory, host: Host, { signal, onWarning }: LaunchControl): Promise<Run> {
  const { assignment, ports } = planned
  const program = await checkLaunch(planned, host)
  const { template } = assignment
  const instance = { id: String(assignment.id), name: assignment.name }
  await directory.create()
  const { argv, env, cwd, files, prepare } = renderLaunch(template, {
    instance,
    variables: resolveVariables(template, assignment.variables),
    ports,
    program,
    dataDirectory: directory.data,
  })
  await applyFiles(files, directory.data)
  if (host.runAs) await giveTo(directory.data, host.runAs)
  const environment = gameEnvironment(env, directory, host)
  for (const step of prepare) {
    if (step.unless === undefined || !existsSync(step.unless)) await runStep(step, cwd, environment, host, signal)
  }
  expectWanted(signal)
  return Run.launch({
    directory: directory.run(number),
    argv, cwd,
    env: environment,
    hasInput: template.console.input === 'stdin',
    hasTerminal: template.terminal,
    consoleLimitBytes: runLimitBytes(assignment),
    onWarning,
    ...(host.runAs ? { runAs: { uid: host.runAs.uid, gid: host.runAs.gid } } : {}),
  })
}

function gameEnvironment(env: Readonly<Record<string, string>>, directory: InstanceDirectory, { env: own, runAs }: Host): Record<string, string> {
  const user = runAs?.name ?? own.USER ?? 'corral'
  return {
    PATH: own.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: own.LANG ?? 'C.UTF-8',
    HOME: directory.data,
    USER: user,
    LOGNAME: user,
    ...env,
  }
}

async function runStep({ argv, deadlineMs }: PrepareStep, cwd: string, env: Record<string, string>, { runAs }: Host, signal: AbortSignal): Promise<void> {
  const [file = '', ...rest] = argv
  try {
    await execute(file, rest, { cwd, env, signal, timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024, ...(runAs ? { uid: runAs.uid, gid: runAs.gid } : {}) })
  } catch (error) {
    expectWanted(signal)
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string }
    const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-10).join('\n')
    throw new ClusterError('start_failed', `The template's preparation \`${argv.join(' ')}\` failed:\n${lines}`, { cause: error })
  }
}

async function giveTo(path: string, owner: { uid: number; gid: number }): Promise<void> {
  await chown(path, owner.uid, owner.gid)
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) await giveTo(inner, owner)
    else await lchown(inner, owner.uid, owner.gid)
  }
}

function expectWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new ClusterError('wrong_state', 'The game was told to stop before it had begun')
}
