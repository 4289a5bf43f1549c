/**
 * What a test has to undo. One per suite: `const cleanups = new Cleanups(); afterEach(() => cleanups.run())`;
 * helpers that start or create something add to it.
 */
export class Cleanups {
  readonly #steps: (() => unknown)[] = []

  /** Adds a step; steps run last in, first out. */
  add(step: () => unknown): void {
    this.#steps.push(step)
  }

  /** Runs and forgets all steps, the rest too when one fails; then throws what failed. */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} clean-up steps failed`)
  }
}
