const perMinute = 10

/** Lets 10 failures of a plugin at each place through in a minute: what fails at every message must not flood the log. */
export class FailureLimit {
  readonly #counts = new Map<string, number>()
  #minute = 0

  allows(plugin: string, where: string): boolean {
    const minute = Math.floor(Date.now() / 60_000)
    if (minute !== this.#minute) this.#counts.clear()
    this.#minute = minute
    const key = `${plugin} ${where}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count <= perMinute
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
