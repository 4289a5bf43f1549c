import { expect } from 'chai'
import { GrowingBytes } from './growing-bytes.ts'

describe('GrowingBytes', () => {
  it('holds what was appended, in order, until it is taken', () => {
    const bytes = new GrowingBytes()
    for (const piece of ['one ', '', 'two']) bytes.append(Buffer.from(piece))
    expect(bytes.length).to.equal(7)
    expect(bytes.peek().toString()).to.equal('one two')
    expect(bytes.take().toString()).to.equal('one two')
    expect(bytes.length).to.equal(0)
  })

  it('leaves what was taken alone', () => {
    const bytes = new GrowingBytes()
    bytes.append(Buffer.from('one'))
    const taken = bytes.take()
    bytes.append(Buffer.from('two'))
    expect(taken.toString()).to.equal('one')
  })

  it('takes at most twice the memory of what it holds, however small the pieces', () => {
    const bytes = new GrowingBytes()
    for (let count = 0; count < 100_000; count += 1) bytes.append(Buffer.from('x'))
    expect(bytes.peek().buffer.byteLength).to.be.at.most(200_000)
  })
})
