/** Who holds which name, in namespaces of their own. A name is held by one holder at a time. */
export class Directory<Holder> {
  readonly #namespaces = new Map<string, Map<string, Holder>>()

  /** Claims a name; false when another holds it. Claiming what one holds already succeeds. */
  claim(namespace: string, name: string, holder: Holder): boolean {
    let names = this.#namespaces.get(namespace)
    if (!names) this.#namespaces.set(namespace, names = new Map<string, Holder>())
    const present = names.get(name)
    if (present !== undefined && present !== holder) return false
    names.set(name, holder)
    return true
  }

  /** Gives a name back; only its holder can. */
  release(namespace: string, name: string, holder: Holder): boolean {
    const names = this.#namespaces.get(namespace)
    if (names?.get(name) !== holder) return false
    names.delete(name)
    if (names.size === 0) this.#namespaces.delete(namespace)
    return true
  }

  find(namespace: string, name: string): Holder | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  /** All names of a namespace with their holders, in the order of claiming. */
  entries(namespace: string): Array<[string, Holder]> {
    return [...(this.#namespaces.get(namespace) ?? [])]
  }

  /** How many names are held in each namespace. */
  sizes(): Map<string, number> {
    return new Map([...this.#namespaces].map(([namespace, names]) => [namespace, names.size]))
  }

  size(namespace: string): number {
    return this.#namespaces.get(namespace)?.size ?? 0
  }
}
