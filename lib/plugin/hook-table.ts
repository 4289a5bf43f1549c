type Listener = (event: never) => void

/** Who wants to know what happens, by name of the hook. Listeners contain what they throw (`PluginGuard.call`). */
export class HookTable<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener>>()

  /** Calls the listener whenever the hook's event happens, until the returned function is called. */
  on<H extends keyof Events>(hook: H, listener: (event: Events[H]) => void): () => void {
    let listeners = this.#listeners.get(hook)
    if (!listeners) this.#listeners.set(hook, listeners = new Set())
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  emit<H extends keyof Events>(hook: H, event: Events[H]): void {
    for (const listener of this.#listeners.get(hook) ?? []) (listener as (event: Events[H]) => void)(event)
  }
}
