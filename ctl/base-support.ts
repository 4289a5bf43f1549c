import type { Arguments } from '../lib/cli/arguments.ts'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { CommandSpec } from './command.ts'

/** Throws `unknown_type` for a command, or an option that was given, that the base dialect of the link has nothing for. */
export function expectInBase({ path, base }: CommandSpec, args: Arguments): void {
  const command = `ctl ${path.join(' ')}`
  if (!base) throw lacking(`\`${command}\``)
  for (const option of base.lacks ?? []) if (args.isGiven(option)) throw lacking(`--${option} of \`${command}\``)
}

function lacking(what: string): ClusterError {
  return new ClusterError('unknown_type', `The base dialect of the link has nothing for ${what}: it needs a Corral master, spoken to without --dialect base. Nothing was sent`)
}
