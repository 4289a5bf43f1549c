import { execFile } from 'node:child_process'
import { chown, lchown, readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { namePattern } from '../../lib/link/messages/shapes.ts'
import { applyFiles } from '../../lib/template/apply-files.ts'
import { findProgram } from '../../lib/template/find-program.ts'
import { renderLaunch } from '../../lib/template/render.ts'
import type { PrepareStep } from '../../lib/template/render.ts'
import { resolveVariables } from '../../lib/template/variables.ts'
import { barrierTo } from '../run-as.ts'
import type { GameUser } from '../run-as.ts'
import type { Host } from './host.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'

export type Planned = Pick<InstanceRecord, 'assignment' | 'ports' | 'set_ports' | 'unusable'>

/** How the game is started now that all is ready for it. */
export interface PreparedGame {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const execute = promisify(execFile)
/** That of a plain user on Debian, whoever started the slave: root's own folders are none of a game's business. */
const gamePath = '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games'
const plainName = new RegExp(namePattern)

/** The game's program. Throws `invalid_config` for an instance that can't be run with what its master gave, `program_missing`. */
export async function findGame({ assignment: { template }, unusable }: Planned, { env }: Host): Promise<string> {
  if (unusable) throw new ClusterError('invalid_config', unusable)
  return findProgram(template, env.PATH ?? '')
}

/**
 * Writes the game's files and makes what it starts from, such as its world, where that is missing. Throws `start_failed`,
 * `invalid_variable`, `disk_full`, and `wrong_state` when it is not wanted any more.
 */
export async function prepareGame({ assignment, ports }: Planned, program: string, directory: InstanceDirectory, host: Host, signal: AbortSignal): Promise<PreparedGame> {
  const { id, name, template } = assignment
  await directory.create()
  const { argv, env, cwd, files, prepare } = renderLaunch(template, {
    instance: { id: String(id), name: nameForTemplates(name) },
    variables: resolveVariables(template, assignment.variables),
    ports,
    program,
    dataDirectory: directory.data,
  })
  await applyFiles(files, directory.data)
  if (host.runAs) {
    await giveTo(directory.data, host.runAs)
    await expectEntered([cwd, directory.data], host.runAs)
  }
  const environment = gameEnvironment(env, directory, host)
  for (const step of prepare) {
    if (step.unless === undefined || !existsSync(step.unless)) await runStep(step, cwd, environment, host, signal)
  }
  expectWanted(signal)
  return { argv, cwd, env: environment }
}

// Templates put the name into files and command lines of any syntax; masters of other makers allow names of any form.
function nameForTemplates(name: string): string {
  return plainName.test(name) ? name : `i-${name.replace(/[^A-Za-z0-9_-]+/g, '-')}`.slice(0, 63)
}

function gameEnvironment(env: Readonly<Record<string, string>>, directory: InstanceDirectory, { env: own, runAs }: Host): Record<string, string> {
  const user = runAs?.name ?? own.USER ?? 'corral'
  return {
    PATH: gamePath,
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
    const { stderr = '', stdout = '', killed = false, code } = error as { stderr?: string; stdout?: string; killed?: boolean; code?: unknown }
    const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '').slice(-10)
    const why = killed && code === null ? `it took longer than ${deadlineMs / 1_000} s` : lines.at(-1) ?? (typeof code === 'number' ? `exit status ${code}` : String(error))
    const printed = lines.length > 0 ? ` printed:\n${lines.join('\n')}` : ' printed nothing.'
    throw new ClusterError('start_failed', `Could not prepare the game: ${why}\nThe template's \`${argv.join(' ')}\`${printed}`, { cause: error })
  }
}

async function expectEntered(directories: readonly string[], user: GameUser): Promise<void> {
  for (const directory of directories) {
    const barrier = await barrierTo(directory, user)
    if (barrier !== undefined) throw new ClusterError('start_failed', `The game can't be started: ${barrier}`)
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
