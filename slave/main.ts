import { runCommandLine } from '../lib/cli/run-command-line.ts'
import { slaveCommands, slaveProgram } from './commands/table.ts'

await runCommandLine(slaveProgram, slaveCommands)
