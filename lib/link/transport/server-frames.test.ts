import { expect } from 'chai'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import type { RawData } from 'ws'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { messageFrame, serverFrames, textFrameHeader } from './server-frames.ts'

const cleanups = new Cleanups()

/** What a WebSocket client reads when a server writes these bytes. */
async function read(frames: Buffer, count: number): Promise<string[]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  cleanups.add(() => server.close())
  server.on('headers', (_headers, { socket }) => setImmediate(() => socket.write(frames)))
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  cleanups.add(() => client.terminate())
  const texts: string[] = []
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('message', (data: RawData, isBinary) => {
      texts.push(isBinary ? 'binary' : (data as Buffer).toString())
      if (texts.length === count) resolve()
    })
  })
  return texts
}

afterEach(() => cleanups.run())

describe('serverFrames', () => {
  it('writes frames of every form of length that a WebSocket client reads', async () => {
    const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map((length) => 'x'.repeat(length))
    expect(await read(serverFrames(texts), texts.length)).to.deep.equal(texts)
  })

  it('counts bytes, not characters', async () => {
    const texts = ['é', 'ü'.repeat(63), '日本'.repeat(21_845), '🎮', 'plain']
    expect(await read(serverFrames(texts), texts.length)).to.deep.equal(texts)
  })

  it('puts the replacement character where a text has half a surrogate pair, as JSON never has', async () => {
    expect(await read(serverFrames(['a\ud800b']), 1)).to.deep.equal(['a\ufffdb'])
  })

  it('gives the same bytes again for the same texts, and others for others of the same length', async () => {
    const first = serverFrames(['one', 'two'])
    expect(serverFrames(['one', 'two'])).to.equal(first)
    expect(await read(serverFrames(['one', 'owt']), 2)).to.deep.equal(['one', 'owt'])
    expect(await read(serverFrames(['one']), 1)).to.deep.equal(['one'])
    expect(await read(first, 2)).to.deep.equal(['one', 'two'])
  })
})

describe('messageFrame', () => {
  it('writes texts of every form of length', async () => {
    const texts = [0, 1, 125, 126, 65_535, 65_536, 70_000].map((length) => 'x'.repeat(length))
    expect(await read(Buffer.concat([...texts, '日本🎮'].map((text) => messageFrame(text))), texts.length + 1)).to.deep.equal([...texts, '日本🎮'])
  })

  it('writes bytes as binary messages', async () => {
    expect(await read(Buffer.concat([messageFrame(Buffer.from([1, 2, 3])), messageFrame('text')]), 2)).to.deep.equal(['binary', 'text'])
  })
})

describe('textFrameHeader', () => {
  it('stands before a text that comes in parts', async () => {
    for (const length of [10, 300, 80_000]) {
      const half = Buffer.alloc(length / 2, 'x')
      expect(await read(Buffer.concat([textFrameHeader(length), half, half]), 1)).to.deep.equal(['x'.repeat(length)])
    }
  })
})
