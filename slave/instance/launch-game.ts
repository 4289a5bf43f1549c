import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { WholeAssignment } from '../../lib/link/messages/instances.ts'
import { isPortFree } from '../ports/allocator.ts'
import type { Protocol } from '../ports/allocator.ts'
import { Run } from '../run/run.ts'
import type { Host } from './host.ts'
import { findGame, prepareGame } from './prepare-game.ts'
import type { Planned } from './prepare-game.ts'
import type { InstanceDirectory } from './record.ts'

/** Of an instance's ports those that the slave has chosen; one that was set is kept only as long as it is. */
export function chosenPorts({ assignment, ports, set_ports: set = assignment.ports }: Planned): Record<string, number> {
  return Object.fromEntries(Object.entries(ports).filter(([name, port]) => set[name] !== port))
}

/**
 * The ports that an instance has in its next run as far as they are settled: those that are set, and those that were chosen
 * before. One that only Corral uses is chosen anew when something else has it.
 */
export async function keptPorts(planned: Planned): Promise<Readonly<Record<string, number>>> {
  const { assignment: { template: { console: way }, ports: set } } = planned
  const kept = { ...chosenPorts(planned), ...set }
  if (way.input !== 'econ' || set[way.port] !== undefined) return kept
  const { [way.port]: port, ...others } = kept
  return port === undefined || await isPortFree(port, 'tcp') ? kept : others
}

/** Whether the game could be started: its program is there and its ports are free. Throws `invalid_config`, `program_missing`, `port_taken`. */
export async function checkLaunch(planned: Planned, host: Host): Promise<string> {
  const program = await findGame(planned, host)
  const { ports: needs = {} } = planned.assignment.template
  for (const [name, port] of Object.entries(await keptPorts(planned))) {
    const protocol = needs[name]?.protocol
    if (protocol && !await isPortFree(port, protocol)) throw portTaken(name, port, protocol)
  }
  return program
}

/** What of an instance's bound the console of one run may use: half, the other half is for the runs before it. */
export function runLimitBytes({ console_limit_bytes: bytes }: WholeAssignment): number {
  return Math.floor(bytes / 2)
}

interface LaunchControl {
  /** Ends the preparation; a game that has begun is not affected. */
  readonly signal: AbortSignal
  onWarning(text: string): void
}

/**
 * Writes the game's files and starts it. Throws `invalid_config`, `program_missing`, `port_taken`, `start_failed`, `invalid_variable`,
 * `disk_full`, and `wrong_state` when it is not wanted any more.
 */
export async function launchGame(number: number, planned: Planned, directory: InstanceDirectory, host: Host, { signal, onWarning }: LaunchControl): Promise<Run> {
  const program = await checkLaunch(planned, host)
  const { argv, cwd, env } = await prepareGame(planned, program, directory, host, signal)
  const { template } = planned.assignment
  return Run.launch({
    directory: directory.run(number),
    argv, cwd, env,
    hasInput: template.console.input === 'stdin',
    hasTerminal: template.terminal,
    consoleLimitBytes: runLimitBytes(planned.assignment),
    onWarning,
    ...(host.runAs ? { runAs: { uid: host.runAs.uid, gid: host.runAs.gid } } : {}),
  })
}

function portTaken(name: string, port: number, protocol: Protocol): ClusterError {
  const since = protocol === 'udp' ? '' : '; the system also keeps one for a minute after a program that others were connected to'
  return new ClusterError('port_taken', `Port ${port}/${protocol} (${name}) is in use on the slave's host${since}. Stop what uses it, or set ports.${name} of the instance`, { details: { port, protocol } })
}
