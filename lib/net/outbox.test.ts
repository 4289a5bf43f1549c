import { expect } from 'chai'
import { Outbox } from './outbox.ts'
import type { Outgoing } from './outbox.ts'

class RecordingConnection implements Outgoing {
  readonly written: Buffer[] = []
  #frames: Buffer[]

  constructor(...frames: Buffer[]) {
    this.#frames = frames
  }

  take(): Buffer[] {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  write(bytes: Buffer): void {
    this.written.push(bytes)
  }
}

const flushed = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

describe('Outbox', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]

  it('writes all frames of a tick at once and in order, after the tick', async () => {
    const outbox = new Outbox()
    const connection = new RecordingConnection(a, b, c)
    outbox.add(connection)
    expect(connection.written).to.have.length(0)
    await flushed()
    expect(connection.written.map(String)).to.deep.equal(['abc'])
  })

  it('joins the frames of neighbours once when they are the same, and only then', async () => {
    const outbox = new Outbox()
    const connections = [[a, b], [a, b], [b, a], [a], [a, b, c]].map((frames) => new RecordingConnection(...frames))
    for (const connection of connections) outbox.add(connection)
    await flushed()
    expect(connections.map(({ written }) => String(written))).to.deep.equal(['ab', 'ab', 'ba', 'a', 'abc'])
    expect(connections[0]?.written[0]).to.equal(connections[1]?.written[0])
    expect(connections[3]?.written[0]).to.equal(a)
  })

  it('copies no large frame, and keeps the order', async () => {
    const outbox = new Outbox()
    const large = Buffer.alloc(65_536)
    const connection = new RecordingConnection(a, b, large, c)
    outbox.add(connection)
    await flushed()
    expect(connection.written).to.deep.equal([Buffer.from('ab'), large, c])
    expect(connection.written[1]).to.equal(large)
  })

  it('writes nothing for a connection that gave its frames up meanwhile', async () => {
    const outbox = new Outbox()
    const connection = new RecordingConnection(a)
    outbox.add(connection)
    connection.take()
    await flushed()
    expect(connection.written).to.have.length(0)
  })
})
