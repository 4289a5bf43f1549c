import { expect } from 'chai'
import type { ClientOptions } from 'ws'
import { Cleanups } from '../../helpers/cleanups.ts'
import { SocketMaster } from '../../helpers/socket-master.ts'
import type { SocketMasterOptions } from '../../helpers/socket-master.ts'
import { hello, Wire } from './wire.ts'

export const control = { token: 'good', agent: 'clusterctl', version: '2.0.0' }
export const slave = { token: 'good', agent: 'Clusterio Slave', version: '2.0.0', id: 1, name: 'slave1' }

/** The link's own code with no cluster behind it: its master answers requests with their data. */
export class Stub {
  readonly cleanups = new Cleanups()
  readonly #uncaught: unknown[] = []
  readonly #remember = (error: unknown): void => { this.#uncaught.push(error) }
  #master: SocketMaster | undefined

  /** For the suite that calls it: a new master for each test, and nothing that would have ended the process. */
  static forSuite(): Stub {
    const stub = new Stub()
    before(() => { process.on('uncaughtExceptionMonitor', stub.#remember) })
    after(() => { process.off('uncaughtExceptionMonitor', stub.#remember) })
    beforeEach(async () => { stub.#master = await SocketMaster.start(stub.cleanups) })
    afterEach(async () => {
      await stub.cleanups.run()
      expect(stub.#uncaught).to.deep.equal([])
    })
    return stub
  }

  get master(): SocketMaster {
    if (!this.#master) throw new Error('There is a master only within a test')
    return this.#master
  }

  masterWith(options: SocketMasterOptions): Promise<SocketMaster> {
    return SocketMaster.start(this.cleanups, options)
  }

  wire(at: SocketMaster = this.master, options: ClientOptions = {}): Wire {
    return new Wire(at.url, this.cleanups, options)
  }

  async control(at?: SocketMaster, options?: ClientOptions): Promise<Wire> {
    return this.wire(at, options).register('register_control', control)
  }

  async slave(at?: SocketMaster): Promise<Wire> {
    return this.wire(at).register('register_slave', slave)
  }

  /** What a new peer is told, and that nothing follows, after it has said one thing instead of registering. */
  async refusalOf(frame: string | Buffer, at: SocketMaster = this.master): Promise<readonly string[]> {
    const stranger = this.wire(at)
    expect(await stranger.hear()).to.equal(hello)
    stranger.say(frame)
    return stranger.last()
  }

  /** The same for a control that has registered. */
  async faultOf(frame: string | Buffer): Promise<readonly string[]> {
    const known = await this.control()
    known.say(frame)
    return known.last()
  }
}
