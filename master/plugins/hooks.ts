import type { HookName, Hooks } from '../../lib/plugin/cluster-view.ts'

type Listener<H extends HookName> = (event: Hooks[H]) => void

/** Who wants to know what; a listener that throws is reported, and the others hear it all the same. */
export class HookTable {
  readonly #listeners = new Map<HookName, Set<Listener<never>>>()
  readonly #onError: (hook: HookName, error: unknown) => void

  constructor(onError: (hook: HookName, error: unknown) => void) {
    this.#onError = onError
  }

  on<H extends HookName>(hook: H, listener: Listener<H>): () => void {
    let listeners = this.#listeners.get(hook)
    if (!listeners) this.#listeners.set(hook, listeners = new Set())
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  emit<H extends HookName>(hook: H, event: Hooks[H]): void {
    for (const listener of this.#listeners.get(hook) ?? []) {
      try {
        ;(listener as Listener<H>)(event)
      } catch (error) {
        this.#onError(hook, error)
      }
    }
  }
}
