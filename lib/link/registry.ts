import { ClusterError } from '../errors/cluster-error.ts'
import type { Definition, EventDefinition, RequestDefinition, Route } from './define.ts'

/** All message definitions that a program knows; plugins add theirs when they start and take them away when they stop. */
export class Registry {
  readonly #requests = new Map<string, RequestDefinition>()
  readonly #events = new Map<string, EventDefinition>()
  #absenceOf: (plugin: string) => string | undefined = () => undefined

  constructor(definitions: Iterable<Definition> = []) {
    for (const definition of definitions) this.add(definition)
  }

  /** Adds a definition and returns what removes it. Throws `conflict` when its type is taken. */
  add(definition: Definition): () => void {
    const map: Map<string, Definition> = definition.kind === 'request' ? this.#requests : this.#events
    if (map.has(definition.type)) {
      throw new ClusterError('conflict', `The ${definition.kind} ${definition.type} is defined twice`)
    }
    map.set(definition.type, definition)
    return () => map.delete(definition.type)
  }

  request(type: string, route: Route): RequestDefinition | undefined {
    const definition = this.#requests.get(type)
    return definition?.routes.includes(route) ? definition : undefined
  }

  event(type: string, route: Route): EventDefinition | undefined {
    const definition = this.#events.get(type)
    return definition?.routes.includes(route) ? definition : undefined
  }

  /** Whoever runs plugins knows why one has no messages here; undefined where there is nothing to say. */
  explainPlugins(absenceOf: (plugin: string) => string | undefined): void {
    this.#absenceOf = absenceOf
  }

  /** What to answer a request that is not known `where` it arrived: `unknown_type`. */
  missing(type: string, where: string): ClusterError {
    return new ClusterError('unknown_type', this.#absenceOf(pluginOf(type)) ?? `There is no request ${type} ${where}`)
  }

  requestsOn(route: Route): RequestDefinition[] {
    return [...this.#requests.values()].filter((definition) => definition.routes.includes(route))
  }
}

/** The plugin whose message has this type; '' for one of Corral's own. */
export function pluginOf(type: string): string {
  return type.slice(0, Math.max(0, type.indexOf(':')))
}
