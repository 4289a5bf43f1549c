import { encode } from '@msgpack/msgpack'
import { expect } from 'chai'
import fc from 'fast-check'
import { readMessagePack } from './read-message-pack.ts'

function read(...bytes: number[]): unknown {
  return readMessagePack(Buffer.from(bytes))
}

describe('reading MessagePack', () => {
  it('reads whatever JSON can say as an independent encoder wrote it', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value))
      expect(readMessagePack(Buffer.from(encode(plain)))).to.deep.equal(plain)
    }))
  })

  it('reads every width of number', () => {
    expect(read(0x7f)).to.equal(127)
    expect(read(0xe0)).to.equal(-32)
    expect(read(0xcc, 0xff)).to.equal(255)
    expect(read(0xcd, 0xff, 0xff)).to.equal(65_535)
    expect(read(0xce, 0xff, 0xff, 0xff, 0xff)).to.equal(4_294_967_295)
    expect(read(0xcf, 0, 0, 1, 0, 0, 0, 0, 0)).to.equal(2 ** 40)
    expect(read(0xd0, 0x80)).to.equal(-128)
    expect(read(0xd1, 0x80, 0)).to.equal(-32_768)
    expect(read(0xd2, 0x80, 0, 0, 0)).to.equal(-2_147_483_648)
    expect(read(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe)).to.equal(-2)
    expect(read(0xca, 0x3f, 0xc0, 0, 0)).to.equal(1.5)
  })

  it('reads every width of text, array and map', () => {
    expect(read(0xd9, 1, 0x61)).to.equal('a')
    expect(read(0xda, 0, 1, 0x61)).to.equal('a')
    expect(read(0xdb, 0, 0, 0, 1, 0x61)).to.equal('a')
    expect(read(0xdc, 0, 1, 1)).to.deep.equal([1])
    expect(read(0xdd, 0, 0, 0, 1, 1)).to.deep.equal([1])
    expect(read(0xde, 0, 1, 0xa1, 0x61, 1)).to.deep.equal({ a: 1 })
    expect(read(0xdf, 0, 0, 0, 1, 0xa1, 0x61, 1)).to.deep.equal({ a: 1 })
  })

  it('takes __proto__ for a key like any other', () => {
    const value = read(0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x61, 1) as object
    expect(Object.entries(value)).to.deep.equal([['__proto__', { a: 1 }]])
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype)
  })

  const bad: [string, number[]][] = [
    ['nothing', []],
    ['a text that ends too early', [0xa5, 0x61]],
    ['an array that promises four thousand million items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map that promises four thousand million entries', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['a text that promises four gigabytes', [0xdb, 0xff, 0xff, 0xff, 0xff]],
    ['something after the value', [0xc0, 0xc0]],
    ['bytes', [0xc4, 1, 0]],
    ['an extension', [0xd4, 1, 0]],
    ['a date', [0xd6, 0xff, 0, 0, 0, 0]],
    ['a type that does not exist', [0xc1]],
    ['a key that is a number', [0x81, 1, 1]],
    ['a number that is none', [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['arrays in arrays in arrays', Array.from<number>({ length: 10_000 }).fill(0x91)],
  ]
  for (const [what, bytes] of bad) {
    it(`refuses ${what}`, () => {
      expect(() => read(...bytes)).to.throw(/^Cannot read MessagePack: /)
    })
  }

  it('survives any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readMessagePack(Buffer.from(bytes))
      } catch (error) {
        expect(error).to.have.property('code', 'malformed')
      }
    }), { numRuns: 2_000 })
  })
})
