import type { Logger } from '../log/logger.ts'

/** An instance as the slave part of a plugin sees it. */
export interface LocalInstance {
  readonly id: number
  readonly name: string
  readonly template: string
  /** Sends a line to the game's console. */
  send(line: string): Promise<void>
}

export interface SlaveHooks {
  player_joined: { readonly instance: LocalInstance; readonly player: string }
  player_left: { readonly instance: LocalInstance; readonly player: string }
  chat: { readonly instance: LocalInstance; readonly player: string; readonly text: string }
  run_began: { readonly instance: LocalInstance; readonly run: number }
  run_ended: { readonly instance: LocalInstance; readonly run: number }
}

/** What the slave part of a plugin works with, whether or not the master is there. */
export interface SlaveContext {
  readonly log: Logger
  instances(): LocalInstance[]
  on<H extends keyof SlaveHooks>(hook: H, listener: (event: SlaveHooks[H]) => void): void
  onStop(stop: () => void | Promise<void>): void
}
