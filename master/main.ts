import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { configCommand } from '../lib/cli/config-command.ts'
import { parseArguments } from '../lib/cli/parse-arguments.ts'
import { runProgram } from '../lib/cli/run-program.ts'

const program = yargs(hideBin(process.argv))
  .scriptName('master')
  .usage('$0 <command>\n\nThe server that slaves and operators connect to.')
  .option('config', { type: 'string', default: 'config-master.json', describe: 'Config file' })
  .command('bootstrap', 'Make a new cluster: config, database, administrator and join token', (command) => command
    .option('http-port', { type: 'number', describe: 'Port to serve on (default 8080)' })
    .option('bind', { type: 'string', describe: 'Address to listen on (default 127.0.0.1)' })
    .option('public-url', { type: 'string', describe: 'How other hosts reach this master' })
    .option('data-directory', { type: 'string', describe: 'Where the database is kept (default ./data)' })
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' }), (argv) => runProgram(async () => {
    const { bootstrap } = await import('./commands/bootstrap.ts')
    await bootstrap(argv)
  }))
  .command('run', 'Run the master', (command) => command
    .option('http-port', { type: 'number', describe: 'Port to serve on, instead of the config\'s' })
    .option('bind', { type: 'string', describe: 'Address to listen on, instead of the config\'s' })
    .option('tls-cert', { type: 'string', describe: 'PEM file of the TLS certificate' })
    .option('tls-key', { type: 'string', describe: 'PEM file of the TLS key' }), (argv) => runProgram(async () => {
    const { run } = await import('./commands/run.ts')
    await run(argv)
  }))
  .command('db', 'Export and import the database', (command) => command
    .command('export [file]', 'Write the database as JSON lines, to a file or to stdout; the master must not be running', (sub) => sub
      .positional('file', { type: 'string' }), (argv) => runProgram(async () => {
      const { exportDatabase } = await import('./commands/db.ts')
      await exportDatabase(argv)
    }))
    .command('import <file>', 'Read JSON lines into a new database (`-` is stdin)', (sub) => sub
      .positional('file', { type: 'string', demandOption: true }), (argv) => runProgram(async () => {
      const { importDatabase } = await import('./commands/db.ts')
      await importDatabase(argv)
    }))
    .demandCommand(1, 'Say what to do with the database: export or import'))

  .command('plugin', 'List, enable, disable and install plugins', (command) => command
    .command('list', 'All plugins that can run here', (sub) => sub
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }), (argv) => runProgram(async () => {
      const { listPlugins } = await import('./commands/plugin.ts')
      await listPlugins(argv)
    }))
    .command('enable <name>', 'Let a plugin run from the next `master run` on', (sub) => sub
      .positional('name', { type: 'string', demandOption: true }), (argv) => runProgram(async () => {
      const { setPluginEnabled } = await import('./commands/plugin.ts')
      await setPluginEnabled(argv, true)
    }))
    .command('disable <name>', 'Let a plugin run no more from the next `master run` on', (sub) => sub
      .positional('name', { type: 'string', demandOption: true }), (argv) => runProgram(async () => {
      const { setPluginEnabled } = await import('./commands/plugin.ts')
      await setPluginEnabled(argv, false)
    }))
    .command('install <package>', 'Install a plugin from npm, a folder or an archive', (sub) => sub
      .positional('package', { type: 'string', demandOption: true }), (argv) => runProgram(async () => {
      const { installPlugin } = await import('./commands/plugin.ts')
      await installPlugin(argv)
    }))
    .demandCommand(1, 'Say what to do with plugins: list, enable, disable or install'))

await parseArguments(configCommand(program, async (file) => {
  const { loadSetup } = await import('./commands/open.ts')
  return (await loadSetup(file)).definition
}), 'master')
