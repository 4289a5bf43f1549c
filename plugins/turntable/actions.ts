import { isHash } from './names.ts'

export interface ActionRules {
  readonly nowMs: number
  /** An action's time may be off by this much. */
  readonly toleranceMs: number
  /** Whether a user is a member who sits on the connection that sent the action. */
  isSender(user: string): boolean
}

/**
 * The data of a `game` command as the members get it: actions that are not in the sender's name are left out, times that
 * are missing or off are the server's. All else stays as it is. Undefined where nothing is left to send.
 */
export function correctGame(data: Readonly<Record<string, unknown>>, rules: ActionRules): unknown {
  const { actions } = data
  if (actions === undefined) return data
  if (!Array.isArray(actions)) return undefined
  const kept = actions.filter((action) => isHash(action) && typeof action.from === 'string' && rules.isSender(action.from))
  if (kept.length === 0 && actions.length > 0) return undefined
  return { ...data, actions: kept.map((action: Readonly<Record<string, unknown>>) => correctTime(action, rules)) }
}

function correctTime(action: Readonly<Record<string, unknown>>, { nowMs, toleranceMs }: ActionRules): unknown {
  const { timestamp } = action
  // The comparison is false for what is no number.
  const isGood = typeof timestamp === 'number' && Math.abs(timestamp - nowMs) <= toleranceMs
  return isGood ? action : { ...action, timestamp: nowMs }
}
