import { runCommandLine } from '../lib/cli/run-command-line.ts'
import { masterCommands, masterProgram } from './commands/table.ts'

await runCommandLine(masterProgram, masterCommands)
