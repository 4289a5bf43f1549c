import type { LocalInstance } from '../../lib/plugin/slave-context.ts'
import type { Instance } from '../instance/instance.ts'

/** An instance as plugins see it. */
export function localInstance(instance: Instance): LocalInstance {
  const { id, assignment: { name, template }, state } = instance
  return { id, name, template: template.id, ...state }
}
