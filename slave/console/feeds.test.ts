import { expect } from 'chai'
import type { OutputListener } from '../run/output.ts'
import { ConsoleFeed } from './feeds.ts'

describe('ConsoleFeed', () => {
  function feed() {
    const sent: unknown[] = []
    const link = { isOpen: true, channel: { bufferedBytes: 0 }, emit: (_definition: unknown, { output }: { output: unknown }) => sent.push(output) }
    let print: OutputListener = () => {}
    const output = { end: 0, head: 0, follow: (_from: number, listener: OutputListener) => {
      print = listener
      return () => {}
    } }
    new ConsoleFeed(link as never, 1, 1, output as never)
    return { sent, print: (offset: number, bytes: number[]) => print(offset, Uint8Array.from(bytes)) }
  }

  it('keeps half a character until the other half comes', () => {
    const { sent, print } = feed()
    print(0, [0x61, 0xc3])
    print(2, [0xbc, 0x62])
    expect(sent).to.deep.equal([{ run: 1, offset: 0, text: 'a' }, { run: 1, offset: 1, text: 'üb' }])
  })

  it('sends each byte with its own offset, also after a gap that comes in the middle of a character', () => {
    const { sent, print } = feed()
    print(0, [0x61, 0xc3])
    print(100, [0x62])
    expect(sent).to.deep.equal([{ run: 1, offset: 0, text: 'a' }, { run: 1, offset: 100, text: 'b' }])
  })
})
