import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { foreignTemplate } from '../../lib/link/messages/config-groups.ts'
import { builtInTemplates, loadTemplates } from '../../lib/template/load.ts'
import type { Template } from '../../lib/template/schema.ts'
import { didYouMean } from '../../lib/text/nearest.ts'

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
    const builtIn = await loadTemplates([builtInTemplates])
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

  /** The template of an instance; none for one that a program of another make runs. Throws `not_found`. */
  of({ template }: { readonly template: string }): Template | undefined {
    return template === foreignTemplate ? undefined : this.require(template).template
  }

  /** The same; none where it is not known here either. */
  find({ template }: { readonly template: string }): Template | undefined {
    return this.#templates.get(template)?.template
  }

  /** Throws `not_found` with the nearest id. */
  require(id: string): KnownTemplate {
    const found = this.#templates.get(id)
    if (found) return found
    throw new ClusterError('not_found', `There is no template "${id}"${didYouMean(id, this.#templates.keys())}; see \`ctl template list\``)
  }
}
