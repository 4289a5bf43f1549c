import type { ChannelSettings } from '../../lib/link/channel.ts'
import { LinkClient } from '../../lib/link/client.ts'
import type { LinkClientOptions } from '../../lib/link/client.ts'
import type { Link } from '../../lib/link/link.ts'
import type { Cleanups } from './cleanups.ts'
import { eventually } from './eventually.ts'
import { channelSettings, RecordingObserver, slaveRegistration, testRegistry } from './link-fixtures.ts'
import { LossyLine } from './lossy-transport.ts'
import type { LossyLineOptions } from './lossy-transport.ts'
import { RecordingOwner, TestMaster } from './test-master.ts'

export interface LossyClusterOptions {
  readonly settings?: Partial<ChannelSettings>
  /** Settings of the slave where they differ from the master's. */
  readonly slaveSettings?: Partial<ChannelSettings>
  readonly client?: Partial<LinkClientOptions>
  /** How the lines behave, in the order in which they are opened; the rest is never cut. */
  readonly lines?: readonly LossyLineOptions[]
}

/** A slave that stays in touch with a master over lines that can be cut. */
export class LossyCluster {
  master: TestMaster
  readonly owner = new RecordingOwner()
  readonly observer = new RecordingObserver()
  readonly lines: LossyLine[] = []
  readonly began: Link[] = []
  readonly client: LinkClient
  /** While false nobody answers at the master's address. */
  isReachable = true

  constructor(cleanups: Cleanups, { settings, slaveSettings, client, lines = [] }: LossyClusterOptions = {}) {
    this.master = new TestMaster({ settings: channelSettings(settings) })
    this.client = new LinkClient({
      url: 'http://127.0.0.1:1', dialect: 'session', registration: slaveRegistration,
      registry: testRegistry(),
      owner: this.owner,
      observer: this.observer,
      settings: channelSettings({ ...settings, ...slaveSettings }),
      backoff: { baseMs: 1, capMs: 1 },
      onLink: (link) => this.began.push(link),
      dial: async () => {
        if (!this.isReachable) throw new Error('nobody answers')
        const line = new LossyLine(lines[this.lines.length] ?? {})
        this.lines.push(line)
        void this.master.accept(line.right, 'session')
        return line.left
      },
      ...client,
    })
    cleanups.add(() => {
      this.client.close('quit')
      this.master.close()
    })
  }

  /** The slave's link, once both sides have one. */
  async connect(): Promise<Link> {
    const link = await this.client.connect()
    await eventually(() => this.master.link, { what: 'The master\'s link' })
    return link
  }

  get line(): LossyLine {
    const line = this.lines.at(-1)
    if (!line) throw new Error('Nothing was dialled')
    return line
  }
}
