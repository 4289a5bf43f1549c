import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { configCommand } from '../lib/cli/config-command.ts'
import { parseArguments } from '../lib/cli/parse-arguments.ts'
import { runProgram } from '../lib/cli/run-program.ts'
import { slaveConfig } from './config.ts'

const program = yargs(hideBin(process.argv))
  .scriptName('slave')
  .usage('$0 <command>\n\nRuns and watches the game servers of one host.')
  .option('config', { type: 'string', default: 'config-slave.json', describe: 'Config file' })
  .command('join <url> <token>', 'Become a slave of a cluster: writes the config file', (command) => command
    .positional('url', { type: 'string', demandOption: true, describe: 'Address of the master' })
    .positional('token', { type: 'string', demandOption: true, describe: 'Join token, from `ctl slave invite`' })
    .option('name', { type: 'string', describe: 'Name of the slave (default: the host\'s name)' })
    .option('label', { type: 'string', array: true, default: [] as string[], describe: 'KEY=VALUE, may be repeated' })
    .option('data-directory', { type: 'string', describe: 'Where instances are kept (default ./slave-data)' })
    .option('tls-ca', { type: 'string', describe: 'PEM file of the certificate authority to trust' }), (argv) => runProgram(async () => {
    const { join } = await import('./commands/join.ts')
    await join(argv)
  }))
  .command('run', 'Run the slave', (command) => command
    .option('data-directory', { type: 'string', describe: 'Where instances are kept, instead of the config\'s' })
    .option('run-as', { type: 'string', describe: 'System user that games run as when the slave is root' })
    .option('stop-games-on-exit', { type: 'boolean', default: false, describe: 'Stop the games with the slave; they start again with it' }), (argv) => runProgram(async () => {
    const { run } = await import('./commands/run.ts')
    await run(argv)
  }))

await parseArguments(configCommand(program, () => Promise.resolve(slaveConfig)), 'slave')
