import type { Argv } from 'yargs'
import { ExitCode } from '../errors/codes.ts'
import { corralVersion } from '../version.ts'

/** Reads the command line of a program and runs its command; a command line that is wrong gets the help and the exit code for that. */
export async function parseArguments<A>(program: Argv<A>, name: string): Promise<void> {
  await program
    .demandCommand(1, `Say what to do; \`${name} --help\` lists the commands`)
    .strict()
    .recommendCommands()
    .version(corralVersion())
    .help()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .fail((message, error, parser) => {
      if (error) throw error
      process.stderr.write(`${message}\n\n`)
      parser.showHelp('error')
      process.exit(ExitCode.usage)
    })
    .parseAsync()
}
