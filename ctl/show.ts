import type { Context } from './context.ts'
import type { FieldRows } from './output/table.ts'
import { resolveAll } from './resolve.ts'
import type { Named, Noun } from './resolve.ts'

/** Prints the things that were named: one as an object, several as an array; what is not there is reported. */
export async function showEach<T extends Named>({ args, output, fail }: Context, noun: Noun, list: readonly T[], fields: (value: T) => FieldRows): Promise<void> {
  const words = args.words('NAME')
  const found: T[] = []
  for (const resolution of resolveAll(noun, list, words)) {
    if ('target' in resolution) found.push(resolution.target)
    else fail(resolution.error)
  }
  if (found.length > 0) await output.objects(found, words.length > 1, fields)
}
