import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { RequestDefinition } from '../lib/link/define.ts'
import type { RequestMessage } from '../lib/link/message.ts'
import type { Logger } from '../lib/log/logger.ts'
import type { Access, Caller } from './services/access.ts'

/** What of a request's data goes into the log: who or what it was about, never what may be secret. */
const toldFields = ['name', 'instance_id', 'slave_id', 'token_id', 'user_id', 'template', 'field', 'role', 'enabled', 'force', 'dry_run']

/**
 * Tells the log who changed what, from whichever door, and what failed. What is typed on consoles is not told: there
 * is much of it, and it may hold passwords.
 */
export class Audit {
  readonly #log: Logger
  readonly #access: Access

  constructor(log: Logger, access: Access) {
    this.#log = log
    this.#access = access
  }

  /** Makes the outcome that `work` gives known when it is there. */
  watch(definition: RequestDefinition, data: RequestMessage['data'], caller: Caller, work: () => Promise<unknown>): Promise<unknown> {
    if (!definition.isMutating || definition.permission === 'console.send') return work()
    // Before: a token may revoke itself.
    const what = `${definition.type} by ${this.#access.nameOf(caller)}`
    const outcome = work()
    outcome.then(
      () => this.#log.info(what, told(data)),
      (error: unknown) => {
        const { code, message } = ClusterError.from(error)
        this.#log.info(`${what} has failed: ${message}`, { ...told(data), code })
      },
    )
    return outcome
  }
}

function told(data: RequestMessage['data']): Record<string, unknown> {
  const all = valueOf(data)
  return Object.fromEntries(toldFields.filter((field) => isTold(all[field])).map((field) => [field, all[field]]))
}

function isTold(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Of data that can't be read, nothing is told. */
function valueOf(data: RequestMessage['data']): Record<string, unknown> {
  try {
    const { value } = data
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
  } catch {
    return {}
  }
}
