/** Does work about one and the same thing one after the other, in the order in which it was asked for. */
export class Turns {
  readonly #last = new Map<number, Promise<unknown>>()

  /** Does the work once all that was asked for before has been done, whatever became of it. Throws what the work throws. */
  take<T>(id: number, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(id) ?? Promise.resolve()).then(work)
    const settled = done.catch(() => {}).then(() => {
      if (this.#last.get(id) === settled) this.#last.delete(id)
    })
    this.#last.set(id, settled)
    return done
  }
}
