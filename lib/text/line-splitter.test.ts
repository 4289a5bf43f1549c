import { expect } from 'chai'
import fc from 'fast-check'
import { LineSplitter, maxLineBytes } from './line-splitter.ts'

describe('LineSplitter', () => {
  function split(chunks: readonly (string | Uint8Array)[], start = 0) {
    const splitter = new LineSplitter(start)
    let offset = start
    const lines = chunks.flatMap((chunk) => {
      const bytes = Buffer.from(chunk)
      offset += bytes.length
      return splitter.push(offset - bytes.length, bytes)
    })
    return { lines, splitter }
  }

  it('gives each line with the offset of its first byte', () => {
    const { lines } = split(['one\ntw', 'o\n\nthree'], 100)
    expect(lines).to.deep.equal([
      { offset: 100, text: 'one', isCut: false },
      { offset: 104, text: 'two', isCut: false },
      { offset: 108, text: '', isCut: false },
    ])
  })

  it('takes CR LF for a line break, also across chunks, and leaves other CRs', () => {
    expect(split(['a\r\nb\rc\r', '\n']).lines.map(({ text }) => text)).to.deep.equal(['a', 'b\rc'])
  })

  it('joins characters that are split over chunks and replaces what is not UTF-8', () => {
    const bytes = Buffer.from('zwölf €\n')
    expect(split([...bytes].map((byte) => Uint8Array.of(byte))).lines[0]?.text).to.equal('zwölf €')
    expect(split([Buffer.from([97, 0xff, 98, 10])]).lines[0]?.text).to.equal('a\ufffdb')
  })

  it('cuts a line that is too long and drops its rest, so that it cannot begin another line', () => {
    const { lines } = split(['x'.repeat(maxLineBytes - 1), 'yz', '[JOIN] mallory', '\nnext\n'])
    expect(lines.map(({ isCut }) => isCut)).to.deep.equal([true, false])
    expect(lines[0]?.text).to.equal(`${'x'.repeat(maxLineBytes - 1)}y`)
    expect(lines[1]).to.deep.equal({ offset: maxLineBytes + 15 + 1, text: 'next', isCut: false })
    expect(split([`${'x'.repeat(maxLineBytes)}\n`]).lines[0]?.isCut).to.equal(false)
  })

  it('ends what was begun where the offsets have a gap', () => {
    const splitter = new LineSplitter(0)
    splitter.push(0, Buffer.from('begun'))
    expect(splitter.push(500, Buffer.from('rest\n')).map(({ offset, text }) => [offset, text])).to.deep.equal([[0, 'begun'], [500, 'rest']])
  })

  it('gives the unfinished line at the end and tells where it begins', () => {
    const { splitter } = split(['done\nunfinished'])
    expect(splitter.flush()).to.deep.equal({ offset: 5, text: 'unfinished', isCut: false })
    expect(splitter.flush()).to.equal(undefined)
  })

  it('gives the same lines however the bytes are cut into chunks', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200)), (random, cuts) => {
      const bytes = random.map((byte) => (byte < 60 ? 10 : byte))
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
      const expected = Buffer.from(bytes).toString('latin1').split('\n').slice(0, -1).map((line) => Buffer.from(line, 'latin1').toString())
      expect(split(chunks).lines.map(({ text }) => text)).to.deep.equal(expected)
    }))
  })
})
