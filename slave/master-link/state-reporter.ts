import type { Link } from '../../lib/link/link.ts'
import { playerActivity, setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import { instanceStateChanged, updateInstances } from '../../lib/link/messages/instances.ts'
import { drainChanged } from '../../lib/link/messages/slaves.ts'
import { ConsoleFeed } from '../console/feeds.ts'
import type { Instance, InstanceListener } from '../instance/instance.ts'
import type { PlayerActivity } from '../instance/run-watch.ts'
import type { Run } from '../run/run.ts'
import type { RunExit } from '../run/run-exit.ts'

/** Tells the master what happens to the instances: states always, consoles only while somebody follows them. */
export class StateReporter implements InstanceListener {
  #link: Link | undefined
  /** Ids of the consoles that the master asked for; all of them where it can't ask. */
  #followed: ReadonlySet<number> | 'all' = new Set()
  readonly #feeds = new Map<number, ConsoleFeed>()
  readonly #changed = new Set<Instance>()
  /** Where to go on for a master that gets all output and can't read any again. */
  readonly #unsent = new Map<number, ConsoleFeed['place']>()
  #isSendingAll = false

  /** A new conversation with the master has begun: it is told all that is here. */
  begin(link: Link, instances: readonly Instance[], { slaveId, isDraining, dataDirectoryId }: { slaveId: number; isDraining: boolean; dataDirectoryId: string }): void {
    this.end()
    this.#link = link
    link.emit(updateInstances, {
      instances: instances.map(({ given, state }) => ({ ...given, instance: { ...given.instance, slave_id: slaveId }, state })),
      draining: isDraining,
      data_directory_id: dataDirectoryId,
    })
    this.#isSendingAll = !link.channel.carries(setInstanceOutputSubscriptions)
    if (this.#isSendingAll) this.#followAll(instances)
    this.#unsent.clear()
  }

  drainChanged(isOn: boolean): void {
    this.#link?.emit(drainChanged, { draining: isOn })
  }

  /** The conversation is over; nobody follows anything. */
  end(): void {
    this.#link = undefined
    this.#followed = new Set()
    for (const [id, feed] of this.#feeds) {
      feed.close()
      if (this.#isSendingAll) this.#unsent.set(id, feed.place)
    }
    this.#feeds.clear()
  }

  /** Replaces the set of consoles that are followed. */
  follow(instanceIds: readonly number[], find: (instanceId: number) => Instance | undefined): void {
    const followed = new Set(instanceIds)
    this.#followed = followed
    for (const [id, feed] of this.#feeds) {
      if (followed.has(id)) continue
      feed.close()
      this.#feeds.delete(id)
    }
    for (const id of followed) {
      const active = find(id)?.activeRun
      if (active && !this.#feeds.has(id)) this.#feed(id, active.number, active.run)
    }
  }

  changed(instance: Instance): void {
    // Several changes of one turn are told once, as they are at its end.
    if (this.#changed.size === 0) queueMicrotask(() => this.#flush())
    this.#changed.add(instance)
  }

  activity(instance: Instance, { kind, player, text }: PlayerActivity): void {
    this.#link?.emit(playerActivity, { instance_id: instance.id, kind, player, ...(text === undefined ? {} : { text }) })
  }

  runBegan(instance: Instance, number: number, run: Run): void {
    if (!this.#link && this.#isSendingAll) this.#unsent.set(instance.id, { run: number, offset: run.output.head })
    if (this.#followed === 'all' || this.#followed.has(instance.id)) this.#feed(instance.id, number, run, run.output.head)
  }

  runEnded(instance: Instance, _number: number, exit: RunExit): void {
    this.#feeds.get(instance.id)?.end(exit)
    this.#feeds.delete(instance.id)
  }

  #followAll(instances: readonly Instance[]): void {
    this.#followed = 'all'
    for (const { id, activeRun } of instances) {
      const unsent = this.#unsent.get(id)
      if (activeRun) this.#feed(id, activeRun.number, activeRun.run, unsent?.run === activeRun.number ? unsent.offset : undefined)
    }
  }

  #feed(instanceId: number, number: number, run: Run, from = run.output.end): void {
    this.#feeds.get(instanceId)?.close()
    if (this.#link) this.#feeds.set(instanceId, new ConsoleFeed(this.#link, instanceId, number, run.output, from))
  }

  #flush(): void {
    for (const instance of this.#changed) this.#link?.emit(instanceStateChanged, { instance_id: instance.id, state: instance.state })
    this.#changed.clear()
  }
}
