/** What is being put on record, by its id: who asks for it right behind waits until it is there. */
export class Creations {
  readonly #underWay = new Map<number, Promise<void>>()

  get isAny(): boolean {
    return this.#underWay.size > 0
  }

  /** Resolves when what is being made with this id is on record, or is not made; undefined where nothing is. */
  of(id: number): Promise<void> | undefined {
    return this.#underWay.get(id)
  }

  /** From now on something is being made, until the returned function is called. */
  begin(id: number): () => void {
    let end: () => void = () => {}
    const creation = new Promise<void>((resolve) => { end = resolve })
    this.#underWay.set(id, creation)
    return () => {
      if (this.#underWay.get(id) === creation) this.#underWay.delete(id)
      end()
    }
  }
}
