import type { Fields, Values } from '../config/field.ts'
import type { Definition } from '../link/define.ts'
import type { MasterContext } from './master-context.ts'

/** A plugin: what it is called, what can be set of it, what it says over the link, and its part in the master. */
export interface Plugin<F extends Fields = Fields> {
  /** Lower case letters, digits and dashes; prefix of its config fields, its messages and its figures. */
  readonly name: string
  readonly version: string
  /** One sentence for `master plugin list` and the reference. */
  readonly description: string
  /** Fields of the master's config, under `<name>.`; `enabled` is always there. */
  readonly config?: F
  /** Messages for the link; their types begin with `<name>:`. */
  readonly messages?: readonly Definition[]
  /** Runs in the master while the plugin is enabled. All that it registers is undone when it stops. */
  readonly master?: (context: MasterContext<Values<F>>) => void | Promise<void>
}

/** Declares a plugin, its types following from its fields. */
export function definePlugin<const F extends Fields>(plugin: Plugin<F>): Plugin<F> {
  return plugin
}
