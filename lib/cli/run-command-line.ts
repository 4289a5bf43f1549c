import { ExitCode } from '../errors/codes.ts'
import { corralVersion } from '../version.ts'
import type { Arguments } from './arguments.ts'
import type { CommandForm, ProgramSpec } from './command.ts'
import { helpText } from './help.ts'
import { parseCommandLine } from './parse.ts'
import { runProgram } from './run-program.ts'
import { endWithReader } from './stdout-reader.ts'

/** A command of a program that runs in the background, or prepares it. */
export interface ProgramCommand extends CommandForm {
  /** Does the work; loads the code for it only now. What it throws is printed and decides the exit code. */
  run(args: Arguments): Promise<void>
}

/** Runs the command that this process's command line names. Never throws: an error sets the exit code. */
export function runCommandLine(program: ProgramSpec, commands: readonly ProgramCommand[]): Promise<void> {
  endWithReader()
  return runProgram(async () => {
    const parsed = parseCommandLine(process.argv.slice(2), program, commands)
    if (parsed.kind === 'run') {
      await parsed.command.run(parsed.args)
    } else if (parsed.kind === 'version') {
      process.stdout.write(`${corralVersion()}\n`)
    } else {
      const { isAsked, path } = parsed
      ;(isAsked ? process.stdout : process.stderr).write(helpText(program, path, commands))
      if (!isAsked) process.exitCode = ExitCode.usage
    }
  })
}
