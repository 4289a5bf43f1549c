import { cliReference } from '../../ctl/reference.ts'
import { generatedNote, page, table } from './table.ts'

type Rows = ReadonlyArray<readonly [usage: string, meaning: string]>

const configCommands = (program: string): Rows => [
  [`${program} config list [--json]`, 'All fields with their values.'],
  [`${program} config show FIELD`, 'One field: its value, where that comes from, what it means.'],
  [`${program} config set FIELD VALUE`, 'Set a field in the config file; an empty value unsets it.'],
]

const masterCommands: Rows = [
  ['master bootstrap', 'Make a new cluster: config, database, administrator and join token.'],
  ['master run', 'Run the master.'],
  ['master db export [FILE]', 'Write the database as JSON lines, to a file or to stdout. The master must not be running.'],
  ['master db import FILE', 'Read JSON lines into a new database; `-` is stdin.'],
  ['master plugin list [--json]', 'All plugins that can run here.'],
  ['master plugin enable NAME', 'Let a plugin run from the next `master run` on.'],
  ['master plugin disable NAME', 'Let a plugin run no more from the next `master run` on.'],
  ['master plugin install PACKAGE', 'Install a plugin from npm, a folder or an archive.'],
  ...configCommands('master'),
]

const masterOptions: Rows = [
  ['--config FILE', 'Config file of every command; default `config-master.json`.'],
  ['bootstrap --http-port PORT', 'Port to serve on; default 8080.'],
  ['bootstrap --bind ADDRESS', 'Address to listen on; default 127.0.0.1.'],
  ['bootstrap --public-url URL', 'How other hosts reach this master.'],
  ['bootstrap --data-directory DIR', 'Where the database is kept; default `./data`.'],
  ['bootstrap --json', 'Print the result as JSON.'],
  ['run --http-port PORT', 'Port to serve on, instead of the config\'s.'],
  ['run --bind ADDRESS', 'Address to listen on, instead of the config\'s.'],
  ['run --tls-cert FILE', 'PEM file of the TLS certificate.'],
  ['run --tls-key FILE', 'PEM file of the TLS key.'],
]

const slaveCommands: Rows = [
  ['slave join URL TOKEN', 'Become a slave of a cluster: writes the config file. The join token comes from `ctl slave invite`.'],
  ['slave run', 'Run the slave.'],
  ...configCommands('slave'),
]

const slaveOptions: Rows = [
  ['--config FILE', 'Config file of every command; default `config-slave.json`.'],
  ['join --name NAME', 'Name of the slave; default: the host\'s name.'],
  ['join --label KEY=VALUE', 'A label of the slave; may be repeated.'],
  ['join --data-directory DIR', 'Where instances are kept; default `./slave-data`.'],
  ['join --tls-ca FILE', 'PEM file of the certificate authority to trust.'],
  ['run --data-directory DIR', 'Where instances are kept, instead of the config\'s.'],
  ['run --run-as USER', 'System user that games run as when the slave is root.'],
  ['run --stop-games-on-exit', 'Stop the games with the slave; they start again with it.'],
]

/** The reference of the three programs' command lines. */
export function cliPage(): string {
  return page(
    '# Command line', generatedNote,
    'Three programs: `master` and `slave` run in the background, `ctl` is what operators type. Each has `--help` and `--version`, and all share their [exit codes](errors.md#exit-codes).',
    ...program('master', 'The server that slaves and operators connect to. Its fields: [config](config.md#master).', masterCommands, masterOptions),
    ...program('slave', 'Runs and watches the game servers of one host. Its fields: [config](config.md#slave).', slaveCommands, slaveOptions),
    cliReference(),
  )
}

function program(name: string, about: string, commands: Rows, options: Rows): string[] {
  return [`## ${name}`, about, commandTable('Command', commands), commandTable('Option', options)]
}

function commandTable(title: string, rows: Rows): string {
  return table([title, 'Meaning'], rows.map(([usage, meaning]) => [`\`${usage}\``, meaning]))
}
