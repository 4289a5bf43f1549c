import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { WholeAssignment } from '../../lib/link/messages/instances.ts'
import { EconConsole } from '../econ/econ-console.ts'
import type { Run } from '../run/run.ts'

/** The way into a game's console. */
export interface GameConsole {
  /** Resolves when the game has taken the line. Throws `console_unavailable`. */
  send(line: string): Promise<void>
  close(): void
}

/** The console that a template names: the game's stdin, Teeworlds' econ, or none. */
export function openConsole({ template, variables }: WholeAssignment, ports: Readonly<Record<string, number>>, run: Run): GameConsole {
  const { console: way } = template
  if (way.input === 'stdin') return { send: (line) => run.write(line), close: () => {} }
  if (way.input === 'econ') {
    return new EconConsole({ port: ports[way.port] ?? 0, password: String(variables[way.password] ?? '') })
  }
  return {
    send: () => Promise.reject(new ClusterError('console_unavailable', `Games of the template ${template.id} have no console to send lines to`)),
    close: () => {},
  }
}
