import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { loadTemplates } from '../../lib/template/load.ts'
import type { Template } from '../../lib/template/schema.ts'
import { nearest } from '../../lib/text/nearest.ts'

export interface KnownTemplate {
  readonly template: Template
  readonly source: 'built-in' | 'user'
}

/** The templates of the cluster: those that come with Corral, and the user's own, which go before them. */
export class TemplateService {
  readonly #templates: ReadonlyMap<string, KnownTemplate>

  private constructor(templates: ReadonlyMap<string, KnownTemplate>) {
    this.#templates = templates
  }

  /** Reads all templates; those that can't be used are reported and left out. */
  static async load(userDirectory: string | undefined, onProblem: (problem: ClusterError) => void): Promise<TemplateService> {
    const builtIn = await loadTemplates([`${packageRoot}/templates`])
    const own = userDirectory === undefined ? undefined : await loadTemplates([userDirectory])
    for (const problem of [...builtIn.problems, ...(own?.problems ?? [])]) onProblem(problem)
    const known = new Map<string, KnownTemplate>()
    for (const [id, template] of builtIn.templates) known.set(id, { template, source: 'built-in' })
    for (const [id, template] of own?.templates ?? []) known.set(id, { template, source: 'user' })
    return new TemplateService(known)
  }

  list(): KnownTemplate[] {
    return [...this.#templates.values()].sort((a, b) => (a.template.id < b.template.id ? -1 : 1))
  }

  /** Throws `not_found` with the nearest id. */
  require(id: string): KnownTemplate {
    const found = this.#templates.get(id)
    if (found) return found
    const near = nearest(id, this.#templates.keys())
    throw new ClusterError('not_found', `There is no template "${id}"${near ? `; did you mean "${near}"?` : ''} See \`ctl template list\``)
  }
}
