import type { Bench, Sample } from './benchmark.ts'
import { Child } from './child.ts'
import { BenchCluster } from './cluster.ts'
import { cpuSeconds } from './process-figures.ts'
import type { RequestLoad, Target } from '../processes/load.ts'

interface Counted {
  readonly count: number
  readonly seconds: number
  readonly failed?: number
}

/** The measured master, the plain server beside it, and one process with all their clients. */
export class Rig {
  readonly cluster: BenchCluster
  readonly load: Child
  readonly #plain: Child
  readonly #plainUrl: string

  private constructor(cluster: BenchCluster, load: Child, plain: Child, plainUrl: string) {
    this.cluster = cluster
    this.load = load
    this.#plain = plain
    this.#plainUrl = plainUrl
  }

  /** Starts all three; with `targets`, a control is connected to each. */
  static async start(bench: Bench, targets: readonly Target[]): Promise<Rig> {
    const cluster = await BenchCluster.start(bench)
    const plain = Child.start(bench, 'plain')
    const { url: plainUrl } = await plain.ask<{ url: string }>('start')
    const load = Child.start(bench, 'load')
    await load.ask('connect', { url: cluster.url, token: cluster.token, plainUrl, targets })
    return new Rig(cluster, load, plain, plainUrl)
  }

  /** Makes the clients' process the slave of one instance, at the master and at the plain server. */
  async addSlave(): Promise<void> {
    const identity = await this.cluster.joinSlave('east')
    await this.load.ask('slave', { url: this.cluster.url, plainUrl: this.#plainUrl, identity })
    await this.cluster.untilConnected(identity.name)
    await this.cluster.call('create_instance', { name: 'arena', template: 'sample', slave_id: identity.id })
  }

  urlOf(target: Target): string {
    return target === 'plain' ? this.#plainUrl : this.cluster.url
  }

  /** Fills the cluster with slaves, so that the list of them in JSON has about so many bytes; the plain server has the same list. */
  async addSlavesToList(bytes: number): Promise<void> {
    const bare = 180
    const number = Math.max(1, Math.round(bytes / (2 * bare)))
    const padding = Math.max(0, Math.round(bytes / number) - bare)
    for (let i = 0; i < number; i += 1) await this.cluster.joinSlave(`slave-${i}`, padding > 12 ? { place: 'x'.repeat(padding - 10) } : {})
    await this.#plain.ask('setSlaves', await this.cluster.call('list_slaves'))
  }

  requests(load: RequestLoad): Promise<Sample> {
    return this.#measure(load.target, 'requests', load)
  }

  events(target: Target, options: { length: number; seconds: number }): Promise<Sample> {
    return this.#measure(target, 'events', { target, ...options })
  }

  lines(target: Target, options: { burst: number; length: number; followers: number; seconds: number }): Promise<Sample> {
    return this.#measure(target, 'lines', { target, ...options })
  }

  /** What a command did, with `perSecond`, and the server's microseconds of CPU for each as `cpuUs`. */
  async #measure(target: Target, command: string, data: object): Promise<Sample> {
    const pid = target === 'plain' ? this.#plain.pid : this.cluster.master.pid
    const before = cpuSeconds(pid)
    const done = await this.load.ask<Counted>(command, data)
    const used = cpuSeconds(pid) - before
    if (done.failed) throw new Error(`${done.failed} of ${done.count} requests to ${target} failed`)
    return { ...done, perSecond: done.count / done.seconds, cpuUs: (used * 1e6) / done.count }
  }
}
