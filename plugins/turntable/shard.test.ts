import { expect } from 'chai'
import { shardOf, signedCrc32 } from './shard.ts'

const vectors: readonly (readonly [id: string, crc: number, of2: number, of3: number])[] = [
  ['1:100', 432273174, 0, 0], ['1:200', 461719887, 1, 0], ['1:12345', 995006546, 0, 2], ['1:2345', 82020795, 1, 0],
  ['1:789', -1404323576, 0, 2], ['CStrike', 1395012559, 1, 1], ['game:User2', -1097655155, 1, 2], ['', 0, 0, 0],
  ['€', -2081240874, 0, 0], ['😀', -457620403, 1, 1],
]

describe('turntable sharding', () => {
  for (const [id, crc, of2, of3] of vectors) {
    it(`puts ${JSON.stringify(id)} where the first server did`, () => {
      expect([signedCrc32(id), shardOf(id, 2), shardOf(id, 3)]).to.deep.equal([crc, of2, of3])
    })
  }

  it('skips carriage returns', () => {
    expect(signedCrc32('1:\r100\r')).to.equal(signedCrc32('1:100'))
  })

  it('puts everything on the only server there is', () => {
    expect(vectors.map(([id]) => shardOf(id, 1))).to.deep.equal(vectors.map(() => 0))
  })
})
