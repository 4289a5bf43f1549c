import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, open, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { checkProgram, checkTool } from './check-program.ts'
import { findChildren, runMarker, sendSignal } from './descendants.ts'
import { gameText } from './game-text.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { isCode, readGame, readState, settleClaim } from './records.ts'
import { fixedWidth, runFiles } from './run-files.ts'

export interface LaunchOptions {
  /** The run directory; created here, with mode 0700. */
  directory: string
  argv: readonly string[]
  /** An absolute path. */
  cwd: string
  /** The whole environment of the game, to which only the run's marker is added. */
  env: Readonly<Record<string, string>>
  /** As whom the game runs; needs a slave that is root. */
  runAs?: { uid: number; gid: number }
  /** The game gets a FIFO as stdin, otherwise /dev/null. */
  hasInput: boolean
  /** The game gets a terminal, for those that are silent or buffer without one. */
  hasTerminal: boolean
  /** The soft limit of open files. 1024 if not given, whatever the slave's own limit. */
  openFilesLimit?: number
  /** How much of the output is kept on disk. */
  consoleLimitBytes: number
  /** How long the game may take to begin, 10 s if not given. */
  startDeadlineMs?: number
  /** Told of what goes wrong without ending anything: a full disk, a file system without holes. */
  onWarning?: (text: string) => void
}

// What the game's shell is called until it becomes the game; see launch.sh.
const childMark = 'eval "$CORRAL_CHILD"'
const executionFailed = 'corral: the program could not be started'

/**
 * Prepares the run directory, starts the launcher and resolves when the game has begun. Throws `start_failed` (with
 * the last lines of the output), `program_missing`, `conflict` (the directory exists), `disk_full`, `invalid_request`.
 */
export async function launchGame(options: LaunchOptions): Promise<ProcessIdentity> {
  const { directory, argv, cwd, env, hasTerminal, runAs } = options
  const text = gameText({
    argv,
    cwd,
    openFilesLimit: options.openFilesLimit ?? 1024,
    env: { ...(hasTerminal && { TERM: 'xterm-256color' }), ...env, [runMarker]: directory },
  })
  await checkProgram(argv[0] ?? '', cwd, env['PATH'])
  if (hasTerminal) await checkTool('script', 'bsdutils')
  if (runAs) await checkTool('setpriv', 'util-linux')
  await prepareDirectory(directory)
  const spawned = spawnLauncher(options, text)
  return await begun(directory, spawned, options.startDeadlineMs ?? 10_000)
}

async function prepareDirectory(directory: string): Promise<void> {
  const files = runFiles(directory)
  try {
    await mkdir(dirname(directory), { recursive: true, mode: 0o700 })
    await mkdir(directory, { mode: 0o700 })
  } catch (cause) {
    throw notPrepared(directory, cause)
  }
  try {
    await copyFile(join(packageRoot, 'slave/run/launch.sh'), files.script)
    for (const path of [files.output, files.claim, files.state, files.launcherErrors]) {
      await (await open(path, 'a', 0o600)).close()
    }
    await writeFile(files.launcherHead, `${fixedWidth(0)}\n`, { mode: 0o600 })
    await writeFile(files.known, `${fixedWidth(0)} ${fixedWidth(0)} ${fixedWidth(0)}\n`, { mode: 0o600 })
  } catch (cause) {
    await rm(directory, { recursive: true, force: true }).catch(() => {})
    throw notPrepared(directory, cause)
  }
}

function notPrepared(directory: string, cause: unknown): ClusterError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = isCode(cause, 'EEXIST') ? 'conflict' : isCode(cause, 'ENOSPC') ? 'disk_full' : 'start_failed'
  return new ClusterError(code, `Tried to create the run directory ${directory}: ${why}`, { cause })
}

/** The launcher opens everything itself: it shares no descriptor, no session and no environment with the slave. */
function spawnLauncher({ directory, hasInput, hasTerminal, runAs, consoleLimitBytes }: LaunchOptions, text: string): AbortSignal {
  const failed = new AbortController()
  const launcher = spawn('/bin/sh', [
    runFiles(directory).script,
    hasTerminal ? 'terminal' : 'plain',
    hasInput ? 'fifo' : 'none',
    runAs ? `${runAs.uid}:${runAs.gid}` : '-',
    String(consoleLimitBytes),
    oomKills(),
  ], {
    cwd: directory,
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', SHELL: '/bin/sh', LC_ALL: 'C', CORRAL_GAME: text },
  })
  launcher.once('error', (error) => failed.abort(error))
  launcher.unref()
  return failed.signal
}

async function begun(directory: string, failed: AbortSignal, deadlineMs: number): Promise<ProcessIdentity> {
  const giveUpAt = performance.now() + deadlineMs
  for (let pauseMs = 2; performance.now() < giveUpAt && !failed.aborted; pauseMs = Math.min(pauseMs * 1.5, 25)) {
    await delay(pauseMs)
    const game = readGame(directory)
    const { exit } = readState(directory)
    if (exit && (!game || (await readTail(runFiles(directory).output)).trimEnd().endsWith(executionFailed))) break
    if (game && (exit || hasBecomeGame(game.pid))) return game
  }
  const game = settleClaim(directory)
  // With the claim revoked nothing of it can become the game any more; this only clears away what hangs.
  const { launcher } = readState(directory)
  if (launcher) for (const pid of findChildren(launcher.pid)) sendSignal(pid, 'SIGKILL')
  if (game) sendSignal(-game.pid, 'SIGKILL')
  throw await startFailed(directory, failed.reason)
}

function hasBecomeGame(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    // Empty: it has ended, and the record will say how.
    return text !== '' && !text.includes(childMark)
  } catch {
    return false
  }
}

async function startFailed(directory: string, cause: unknown): Promise<ClusterError> {
  const files = runFiles(directory)
  const texts = await Promise.all([files.output, files.launcherErrors].map(readTail))
  const lines = texts.join('\n').split('\n').filter((line) => line.trim() !== '').slice(-10)
  const why = lines.findLast((line) => line !== executionFailed) ?? lines.at(-1)
  if (why === undefined) return new ClusterError('start_failed', 'Tried to start the game; it did not begin in time. Look at the load of this host', { details: { lines }, cause })
  const context = lines.length > 1 ? `\nThe last lines:\n${lines.join('\n')}` : ''
  return new ClusterError('start_failed', `Could not start the game: ${why}${context}`, { details: { lines }, cause })
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, Math.max(0, size - 4096))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** How often the kernel has killed for want of memory since boot. */
function oomKills(): string {
  return /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? ''
}
