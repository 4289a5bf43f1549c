import { expect } from 'chai'
import type { Writable } from 'node:stream'
import * as ws from 'ws'
import { textFrame } from './frame.ts'

// Exported by the library, unknown to its types.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }

describe('textFrame', () => {
  it('makes frames of every length form that a WebSocket library reads', () => {
    const texts = ['', 'x', 'é'.repeat(62), 'x'.repeat(125), 'x'.repeat(126), 'é'.repeat(100), 'x'.repeat(65_535), 'x'.repeat(65_536), '💩'.repeat(50_000)]
    const read: string[] = []
    const receiver = new Receiver({ allowSynchronousEvents: true })
    receiver.on('message', (data: Buffer, isBinary: boolean) => read.push(isBinary ? 'binary' : data.toString()))
    for (const text of texts) receiver.write(textFrame(text))
    expect(read).to.deep.equal(texts)
  })
})
