import type { InstanceContext } from '../../lib/plugin.ts'
import type { Config } from './chat.ts'
import { history } from './messages.ts'

/** Lines that are kept of one game. */
const maxLines = 100

/** Remembers what players said last in one game, also while the master is away. */
export function keepHistory({ clock, on, answer }: InstanceContext<Config>): void {
  const lines: Array<{ at: string; player: string; text: string }> = []

  on('chat', ({ instance, player, text }) => {
    if (!instance.players.includes(player)) return
    lines.push({ at: new Date(clock.now()).toISOString(), player, text })
    if (lines.length > maxLines) lines.shift()
  })

  answer(history, () => ({ lines }))
}
