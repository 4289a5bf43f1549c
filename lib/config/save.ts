import { ClusterError } from '../errors/cluster-error.ts'
import { readConfigFile } from './config-file.ts'
import type { ConfigDefinition, FieldTable } from './definition.ts'
import type { Fields, Values } from './field.ts'
import { notText } from './load.ts'
import { writeAtomically } from './write-atomically.ts'

/**
 * Sets one field to what a text means, as `config set FIELD VALUE` does; an empty text unsets it. Throws
 * `invalid_config` for an unknown field (naming the nearest), a text that does not fit, or a file that is broken.
 */
export async function setConfigField(definition: FieldTable, file: string, name: string, text: string): Promise<void> {
  const field = definition.require(name)
  await change(definition, file, { [name]: text === '' ? undefined : field.parse(text) })
}

/**
 * Writes fields that the program itself decides; undefined unsets one. Other fields keep their place, unknown ones too.
 * The file is read again first, but two programs that write at the same moment are not kept apart: the last one wins.
 * Throws as `setConfigField` does.
 */
export function saveConfigFields<F extends Fields>(
  definition: ConfigDefinition<F>,
  file: string,
  changes: { readonly [K in keyof F]?: Values<F>[K] | undefined },
): Promise<void> {
  return change(definition, file, changes)
}

async function change(definition: FieldTable, file: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const entries = new Map((await readConfigFile(file)).entries)
  for (const [name, value] of Object.entries(changes)) {
    const field = definition.require(name)
    if (value === undefined) {
      entries.delete(name)
      continue
    }
    const problem = field.problem(value)
    if (problem !== undefined) {
      throw new ClusterError('invalid_config', `Cannot set "${name}": it must be ${problem}${notText(field, value)}`, { details: { file, field: name } })
    }
    entries.set(name, value)
  }
  await writeAtomically(file, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`)
}
