import { statSync } from 'node:fs'
import { escapeControls } from '../../lib/log/escape.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'
import { configPath } from '../config.ts'
import { describeFailure, readFailures } from '../plugins/failures.ts'
import type { LastFailure } from '../plugins/failures.ts'
import { readStarted, restartReason } from '../plugins/started.ts'
import { openConfig } from './open.ts'

interface Row {
  readonly name: string
  readonly version: string
  readonly source: string
  readonly enabled: boolean
  /** Null where no master runs, or none that can be seen from here. */
  readonly restart_needed: boolean | null
  readonly description: string
  readonly last_failure?: LastFailure
  /** Why it is left out: it goes by the name of its package then. */
  readonly problem?: string
}

/** Prints all plugins with whether they are enabled, whether the running master must be started again for that, and the last failure of each. */
export async function listPlugins({ config, json }: { config: string; json: boolean }): Promise<void> {
  const { setup, all, values } = await openConfig(config, () => {})
  const dataDirectory = configPath(config, values.data_directory)
  const [failures, started] = await Promise.all([readFailures(dataDirectory), readStarted(dataDirectory)])
  const listed = setup.plugins.map((known) => {
    const { plugin: { name, version, description }, source } = known
    const enabled = all.values[`${name}.enabled`] === true
    const reason = started && restartReason({ name, version, enabled, installedMs: installedMsOf(known) }, started)
    const failure = failures.get(name)
    const row: Row = { name, version, source, enabled, restart_needed: started ? reason !== undefined : null, description, ...failure ? { last_failure: failure } : {} }
    return { row, reason }
  })
  for (const { source, problem } of setup.leftOut) {
    listed.push({ row: { name: source, version: '', source, enabled: false, restart_needed: null, description: '', problem }, reason: undefined })
  }
  for (const name of started?.versions.keys() ?? []) {
    if (!listed.some(({ row }) => row.name === name)) process.stderr.write(`The plugin ${name} is here no more, but the running master has it until it is started again\n`)
  }
  if (json) process.stdout.write(`${JSON.stringify(listed.map(({ row }) => row), undefined, 2)}\n`)
  else for (const { row, reason } of listed) process.stdout.write(rowText(row, reason))
}

/** The files of a package keep the times that they were packed with; their folder does not. */
function installedMsOf({ source, paths: [directory] = [] }: KnownPlugin): number | undefined {
  return source === 'built-in' || directory === undefined ? undefined : statSync(directory, { throwIfNoEntry: false })?.ctimeMs
}

function rowText({ name, version, enabled, description, last_failure: failure, problem }: Row, reason: string | undefined): string {
  if (problem !== undefined) return `${name.padEnd(14)} left out\n${' '.repeat(15)}${escapeControls(problem)}\n`
  const more = [
    ...(reason === undefined ? [] : [`restart needed: ${reason}`]),
    ...(failure ? [`last failure, ${describeFailure(failure)}`] : []),
  ]
  return [`${name.padEnd(14)} ${version.padEnd(8)} ${enabled ? 'enabled ' : 'disabled'}  ${description}`, ...more.map((line) => ' '.repeat(15) + line)].map((line) => `${line}\n`).join('')
}
