import { readFile } from 'node:fs/promises'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { parseTemplate } from '../../../lib/template/parse.ts'
import type { Context } from '../../context.ts'

/** `ctl template check FILE...` */
export async function run({ args, output, fail }: Context): Promise<void> {
  const files = args.words('FILE')
  const good: Array<{ file: string; id: string }> = []
  for (const file of files) {
    try {
      const { id } = parseTemplate(await readText(file), file)
      good.push({ file, id })
      await output.line(`${file}: good (template ${id})`)
    } catch (error) {
      fail(error)
    }
  }
  await output.results(good, files.length > 1)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ClusterError('invalid_template', `Cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
}
