import type { Dialect } from '../link/channel.ts'
import { choiceField } from './fields.ts'
import type { Field } from './field.ts'

/** Both dialects of the link, the usual one first. */
export const dialects = ['session', 'base'] as const satisfies readonly Dialect[]

/** The field of a program that connects to a master. */
export const dialectField: Field<Dialect> = choiceField({
  choices: dialects,
  default: 'session',
  description: 'How the master is spoken to: `session` for a Corral master, `base` for one of other makers.',
})
