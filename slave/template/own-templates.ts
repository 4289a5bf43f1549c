import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { builtInTemplates, loadTemplates } from '../../lib/template/load.ts'
import type { Template } from '../../lib/template/schema.ts'
import { didYouMean } from '../../lib/text/nearest.ts'

/**
 * The templates on the slave's own disk, for masters that send none. They are read when the first is asked for: with
 * a master that sends them nothing is.
 */
export class OwnTemplates {
  readonly #userDirectory: string | undefined
  readonly #log: Logger
  #loaded: Promise<ReadonlyMap<string, Template>> | undefined

  constructor(userDirectory: string | undefined, log: Logger) {
    this.#userDirectory = userDirectory
    this.#log = log
  }

  /** Throws `not_found` that names the nearest id there is. */
  async require(id: string): Promise<Template> {
    const templates = await (this.#loaded ??= this.#load())
    const found = templates.get(id)
    if (found) return found
    throw new ClusterError('not_found', `This slave has no template "${id}"${didYouMean(id, templates.keys()) || `; it has ${[...templates.keys()].sort().join(', ')}`}`)
  }

  async #load(): Promise<ReadonlyMap<string, Template>> {
    const { templates, problems } = await loadTemplates([builtInTemplates, ...(this.#userDirectory === undefined ? [] : [this.#userDirectory])])
    for (const { message } of problems) this.#log.warn(`A template can't be used: ${message}`)
    return templates
  }
}
