import { expect } from 'chai'
import { channelSettings } from '../../test/helpers/link-fixtures.ts'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { BaseChannel } from './base-channel.ts'
import type { Channel } from './channel.ts'
import { BaseCodec } from './codec/base.ts'
import { Connection } from './connection.ts'
import { Registry } from './registry.ts'
import { Session } from './session/session.ts'
import type { Transport, TransportEvents } from './transport/transport.ts'

/** A line on which nothing but parts of frames comes: one with each sign of life of ours, as many as `left`. */
class SlowLine implements Transport {
  readonly address = 'slow'
  readonly bufferedBytes = 0
  isOpen = true
  isHeld = false
  beats = 0
  left: number
  #events: TransportEvents | undefined

  constructor(left: number) {
    this.left = left
  }

  start(events: TransportEvents): void {
    this.#events = events
  }

  send(): void {
    this.#beat()
  }

  ping(): void {
    this.#beat()
  }

  close(): void {}
  pause(): void {}
  resume(): void {}

  terminate(): void {
    this.isOpen = false
  }

  #beat(): void {
    this.beats += 1
    this.left -= 1
    if (this.left >= 0) setImmediate(() => this.#events?.arrived?.())
  }
}

describe('A peer that the heartbeat hears little of', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const settings = channelSettings({ heartbeatMs: 10, heartbeatTimeoutMs: 20 })
  const channels: Record<string, (connection: Connection) => Channel> = {
    session: (connection) => new Session('s', settings, connection),
    base: (connection) => new BaseChannel(connection, new BaseCodec(new Registry([]), 'master', 'control'), settings, 1),
  }
  for (const [dialect, channelOn] of Object.entries(channels)) {
    it(`is alive while bytes of a message come that takes longer than the timeout, in the ${dialect} dialect`, async () => {
      const line = new SlowLine(10)
      const channel = channelOn(new Connection(line))
      const alive = setInterval(() => {}, 1_000)
      cleanups.add(() => { clearInterval(alive); channel.close('quit') })
      channel.start({ message: () => {}, connected: () => {}, closed: () => {} })
      await eventually(() => expect(line.isOpen).to.equal(false))
      expect(line.beats).to.be.at.least(11)
    })

    it(`is alive while it is made to wait, and found dead afterwards, in the ${dialect} dialect`, async () => {
      const line = new SlowLine(0)
      line.isHeld = true
      const channel = channelOn(new Connection(line))
      const alive = setInterval(() => {}, 1_000)
      cleanups.add(() => { clearInterval(alive); channel.close('quit') })
      channel.start({ message: () => {}, connected: () => {}, closed: () => {} })
      await eventually(() => expect(line.beats).to.be.at.least(5))
      expect(line.isOpen).to.equal(true)
      line.isHeld = false
      await eventually(() => expect(line.isOpen).to.equal(false))
    })
  }
})
