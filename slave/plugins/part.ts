import { mkdir } from 'node:fs/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { routeOf } from '../../lib/link/define.ts'
import type { Definition, Route } from '../../lib/link/define.ts'
import { HandlerTable } from '../../lib/link/handlers.ts'
import { Payload } from '../../lib/link/payload.ts'
import { check } from '../../lib/link/validate.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { withDeadline } from '../../lib/net/with-deadline.ts'
import { PluginGuard } from '../../lib/plugin/guard.ts'
import type { PluginGuardOptions } from '../../lib/plugin/guard.ts'
import { expectOwn, expectRoute } from '../../lib/plugin/own-messages.ts'
import type { Peer } from '../../lib/plugin/peer.ts'
import { UndoList } from '../../lib/plugin/undo.ts'

/** Which instance's part a message comes from; none for the master and the slave part. */
export interface From {
  readonly instanceId?: number
}

const startDeadlineMs = 30_000

/** A plugin's part on this slave, or for one of its instances, while it runs. */
export class Part {
  readonly guard: PluginGuard
  readonly undo = new UndoList()
  readonly requests = new HandlerTable<From>({})
  readonly events = new HandlerTable<From>({})
  readonly #log: Logger

  constructor(options: PluginGuardOptions, log: Logger) {
    this.guard = new PluginGuard(options)
    this.#log = log
  }

  /** Runs the part's own start. Throws what that throws, and `deadline`. */
  async start(run: () => void | Promise<void>): Promise<void> {
    await withDeadline(this.guard.run(async () => run()), startDeadlineMs, () => new ClusterError('deadline', `it was not ready within ${startDeadlineMs / 1_000} s`))
  }

  stop(): Promise<void> {
    return this.undo.run((error) => this.#log.error(`Plugin ${this.guard.plugin} could not be stopped cleanly: ${String(error)}`))
  }

  /** What is the same for both kinds of parts. */
  context(directory: string) {
    const { guard, undo, requests, events } = this
    return {
      log: this.#log,
      dataDirectory: async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        return directory
      },
      answer: (definition: Definition, handler: (data: never, from: From) => unknown) => {
        expectOwn(guard.plugin, definition)
        undo.add(requests.add(definition.type, (data, from) => guard.answer(definition.type, () => handler(data as never, from))))
      },
      accept: (definition: Definition, listener: (data: never) => void) => {
        expectOwn(guard.plugin, definition)
        undo.add(events.add(definition.type, (data) => guard.call(definition.type, () => listener(data as never))))
      },
      onStop: (stop: () => void | Promise<void>) => { undo.add(() => guard.run(stop)) },
    }
  }
}

/** Another part on the same slave: what is said is checked as if it came over a link. `find` throws where there is none. */
export function localPeer(plugin: string, route: Route, from: From, find: () => Part): Peer {
  const expect = (definition: Definition): void => {
    expectOwn(plugin, definition)
    expectRoute(definition, route)
  }
  return {
    send: async (definition, data, { deadlineMs = definition.deadlineMs } = {}) => {
      expect(definition)
      const answer = find().requests.answer(definition, { to: routeOf(definition, data), data: Payload.ofValue(data) }, from)
      const outcome = await withDeadline(answer, deadlineMs, () => new ClusterError('deadline', `${definition.type} was not answered within ${deadlineMs} ms; it may still happen`))
      return check(definition.response, outcome, `Answer to ${definition.type}`, 'malformed') as never
    },
    emit: (definition, data) => {
      expect(definition)
      find().events.accept(definition, Payload.ofValue(data), from)
    },
  }
}
