import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { packageRoot } from '../package-root.ts'
import { parseTemplate, TEMPLATE_LIMIT_BYTES } from './parse.ts'
import { formProblem, regexProblem } from './regex.ts'
import type { Template } from './schema.ts'

/** Where the templates that come with Corral are. */
export const builtInTemplates: string = join(packageRoot, 'templates')

export interface LoadedTemplates {
  templates: Map<string, Template>
  /** One `invalid_template` for each file or folder that could not be used. */
  problems: ClusterError[]
}

/**
 * All templates (`*.yaml`, `*.yml`) of the given folders. A later folder overrides an earlier one by id: give the built-in
 * folder first. A file that cannot be used is a problem in the result and does not hinder the others; never throws.
 */
export async function loadTemplates(directories: readonly string[]): Promise<LoadedTemplates> {
  const templates = new Map<string, Template>()
  const problems: ClusterError[] = []
  for (const directory of directories) {
    const origins = new Map<string, string>()
    // Those that come with Corral were probed by its tests, and a start must not wait for that.
    const checkRegex = directory === builtInTemplates ? formProblem : regexProblem
    for (const file of await templateFiles(directory, problems)) {
      try {
        const template = parseTemplate(await readLimited(file), file, checkRegex)
        const other = origins.get(template.id)
        if (other !== undefined) throw new ClusterError('invalid_template', `${file}: id "${template.id}" is taken by ${other}`)
        origins.set(template.id, file)
        templates.set(template.id, template)
      } catch (error) {
        problems.push(error instanceof ClusterError ? error : unreadable(file, error))
      }
    }
  }
  return { templates, problems }
}

async function templateFiles(directory: string, problems: ClusterError[]): Promise<string[]> {
  try {
    const names = await readdir(directory)
    return names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort().map((name) => join(directory, name))
  } catch (error) {
    problems.push(unreadable(directory, error))
    return []
  }
}

/** Reads one byte more than the limit at most: enough for the parser to refuse the file. */
async function readLimited(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    if (!(await handle.stat()).isFile()) throw new ClusterError('invalid_template', `${file} is not a regular file`)
    const buffer = Buffer.alloc(TEMPLATE_LIMIT_BYTES + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      length += bytesRead
      if (bytesRead === 0 || length === buffer.length) return buffer.toString('utf8', 0, length)
    }
  } finally {
    await handle.close()
  }
}

function unreadable(path: string, cause: unknown): ClusterError {
  return new ClusterError('invalid_template', `${path} cannot be read: ${(cause as Error).message}`, { details: { file: path }, cause })
}
