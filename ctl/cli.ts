import type { Arguments } from '../lib/cli/arguments.ts'
import { parseCommandLine } from '../lib/cli/parse.ts'
import type { Input } from '../lib/cli/secret-input.ts'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { Dialect } from '../lib/link/channel.ts'
import { ctlProgram } from './command.ts'
import type { CommandSpec } from './command.ts'
import { completionCommands } from './commands/completion/table.ts'
import { configCommands } from './commands/config/table.ts'
import { instanceCommands } from './commands/instance/table.ts'
import { masterCommands } from './commands/master/table.ts'
import { pluginCommands } from './commands/plugin/table.ts'
import { slaveCommands } from './commands/slave/table.ts'
import { templateCommands } from './commands/template/table.ts'
import { tokenCommands } from './commands/token/table.ts'
import { userCommands } from './commands/user/table.ts'
import { expectInBase } from './base-support.ts'
import type { Connection } from './connection.ts'
import type { Context } from './context.ts'
import { Output } from './output/output.ts'
import type { Terminal } from './output/output.ts'
import type { Format } from './output/format.ts'
import { Progress } from './output/progress.ts'
import { errorText, exitCodeOf, interruptedExit } from './report-error.ts'

/** All commands, in the order of the help: the one table that parses, documents and completes them. */
export const commands: readonly CommandSpec[] = [
  ...slaveCommands, ...instanceCommands, ...templateCommands, ...tokenCommands, ...userCommands, ...masterCommands, ...pluginCommands, ...configCommands,
  ...completionCommands(() => commands),
]

/** Where a command line comes from and what it writes to. */
export interface Shell {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: () => Input
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Aborted by Ctrl-C. */
  readonly interrupt: AbortSignal
}

/** Runs one command line and gives its exit code. Never throws. */
export async function runCli(shell: Shell): Promise<number> {
  const { argv, env, stdout, stderr } = shell
  try {
    const known = await commandsFor(shell)
    const parsed = parseCommandLine(argv, ctlProgram, known)
    if (parsed.kind === 'run') return await runCommand(parsed.command, parsed.args, shell)
    if (parsed.kind === 'version') {
      const { corralVersion } = await import('../lib/version.ts')
      stdout.write(`ctl ${corralVersion()}\n`)
      return 0
    }
    const { helpText } = await import('../lib/cli/help.ts')
    ;(parsed.isAsked ? stdout : stderr).write(helpText(ctlProgram, parsed.path, known))
    return parsed.isAsked ? 0 : 2
  } catch (error) {
    stderr.write(errorText(error, env))
    return exitCodeOf(error)
  }
}

/** All commands, with those of plugins where the command line asks for them: nobody else waits for plugins to load. */
async function commandsFor({ argv, env }: Shell): Promise<readonly CommandSpec[]> {
  if (!argv.includes('plugin')) return commands
  const { withPluginCommands } = await import('./plugin-commands.ts')
  return withPluginCommands(commands, argv, env)
}

async function runCommand(command: CommandSpec, args: Arguments, shell: Shell): Promise<number> {
  const { env, stdout, stderr, interrupt } = shell
  const progress = new Progress(stderr)
  const output = new Output(stdout, (args.text('output') ?? 'table') as Format)
  const timeoutMs = args.durationMs('timeout')
  let connection: Connection | undefined
  let exitCode: number | undefined
  let interruptText: string | undefined
  const context: Context = {
    args, env, output, progress,
    get stdin() { return shell.stdin() },
    ask: (text) => { stderr.write(text) },
    note: (text) => {
      progress.clear()
      stderr.write(stderr.isTTY && !env.NO_COLOR ? `\x1b[2m${text}\x1b[22m\n` : `${text}\n`)
    },
    whenInterrupted: (text) => { interruptText = text },
    fail: (error, subject) => {
      // What an interrupted command still waited for fails for want of the connection.
      if (interrupt.aborted) return
      progress.clear()
      stderr.write(errorText(error, env, subject))
      exitCode ??= exitCodeOf(error)
    },
    connect: async (events) => {
      const [{ loadSettings }, { Connection: Opener }] = await Promise.all([import('./settings.ts'), import('./connection.ts')])
      const settings = await loadSettings({ config: args.text('config'), env })
      for (const warning of settings.warnings) context.note(warning)
      const dialect = (args.text('dialect') as Dialect | undefined) ?? settings.dialect
      if (dialect === 'base') expectInBase(command, args)
      connection = await Opener.open({ ...settings, dialect }, timeoutMs, events)
      if (interrupt.aborted) connection.close()
      return connection
    },
  }
  try {
    const { run } = await command.load()
    await untilInterrupted(run(context), interrupt)
    await output.flush()
  } catch (error) {
    if (interrupt.aborted) {
      progress.clear()
      if (interruptText !== undefined) context.note(interruptText)
      return interruptedExit
    }
    context.fail(error)
  } finally {
    connection?.close()
  }
  return exitCode ?? 0
}

function untilInterrupted(work: Promise<void>, interrupt: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    interrupt.addEventListener('abort', () => reject(new ClusterError('link_closed', 'Interrupted')), { once: true })
    work.then(resolve, reject)
  })
}
