import type { Fields, Values } from '../config/field.ts'
import type { Definition } from '../link/define.ts'
import type { CtlCommand } from './ctl-command.ts'
import type { MasterContext } from './master-context.ts'
import type { InstanceContext, SlaveContext } from './slave-context.ts'

/** A plugin: what it is called, what can be set of it, what it says over the link, and its parts in the programs. */
export interface Plugin<F extends Fields = Fields> {
  /** Lower case letters, digits and dashes; prefix of its config fields, its messages and its figures. */
  readonly name: string
  readonly version: string
  /** One sentence for `master plugin list` and the reference. */
  readonly description: string
  /** Fields of the master's config, under `<name>.`; `enabled` is always there. Slaves get the values of all that are not secret. */
  readonly config?: F
  /** Paths of its WebSocket doors: no other door gets their connections, not even while the plugin is off. */
  readonly webSocketPaths?: readonly string[]
  /** Messages for the link; their types begin with `<name>:`. */
  readonly messages?: readonly Definition[]
  /** Runs in the master while the plugin is enabled. All that it registers is undone when it stops. */
  readonly master?: (context: MasterContext<Values<F>>) => void | Promise<void>
  /** Runs in every slave while the plugin is enabled, with or without the master. All that it registers is undone when it stops. */
  readonly slave?: (context: SlaveContext<Values<F>>) => void | Promise<void>
  /** Runs once for every instance, on the instance's slave. */
  readonly instance?: (context: InstanceContext<Values<F>>) => void | Promise<void>
  /** Commands of `ctl plugin <name>`. */
  readonly ctl?: readonly CtlCommand[]
}

/** Declares a plugin, its types following from its fields. */
export function definePlugin<const F extends Fields>(plugin: Plugin<F>): Plugin<F> {
  return plugin
}
