import { expect } from 'chai'
import { eventually } from '../../../test/helpers/eventually.ts'
import { ThrottledTransport } from './throttled.ts'
import type { Transport, TransportEvents } from './transport.ts'

class FakeTransport implements Transport {
  readonly address = 'fake'
  readonly bufferedBytes = 0
  readonly isOpen = true
  readonly calls: string[] = []
  events: TransportEvents | undefined

  start(events: TransportEvents): void { this.events = events }
  send(): void {}
  ping(): void {}
  close(): void { this.calls.push('close') }
  terminate(): void {}
  pause(): void { this.calls.push('pause') }
  resume(): void { this.calls.push('resume') }
}

function throttled(framesPerSecond: number) {
  const inner = new FakeTransport()
  const frames: string[] = []
  const transport = new ThrottledTransport(inner, { framesPerSecond })
  transport.start({ frame: (text) => frames.push(text), alive: () => {}, closed: () => {} })
  return { inner, frames, transport }
}

describe('ThrottledTransport', () => {
  it('stops reading from a peer that sends too many frames, loses none of them, and goes on when the time is paid', async () => {
    const { inner, frames, transport } = throttled(200)
    for (let i = 0; i < 210; i++) inner.events?.frame(String(i))
    expect(frames).to.have.length(210)
    expect(inner.calls).to.deep.equal(['pause'])
    expect(transport.isHeld).to.equal(true)
    await eventually(() => expect(inner.calls).to.deep.equal(['pause', 'resume']))
    expect(transport.isHeld).to.equal(false)
  })

  it('does not read on after its time while its owner wants it paused', async () => {
    const { inner, transport } = throttled(100)
    for (let i = 0; i < 101; i++) inner.events?.frame('x')
    transport.pause()
    transport.resume()
    expect(inner.calls).to.deep.equal(['pause', 'pause'])
    await eventually(() => expect(inner.calls.at(-1)).to.equal('resume'))
  })

  it('reads again for the goodbye', () => {
    const { inner, transport } = throttled(10)
    for (let i = 0; i < 1_000; i++) inner.events?.frame('x')
    transport.close(1000, 'bye')
    expect(inner.calls).to.deep.equal(['pause', 'resume', 'close'])
  })
})
