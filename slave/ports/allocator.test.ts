import { expect } from 'chai'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { PortAllocator } from './allocator.ts'

const one = { game: { protocol: 'tcp' } } as const
const two = { game: { protocol: 'tcp' }, query: { protocol: 'udp' } } as const

describe('PortAllocator', () => {
  /** A range of one port that is free now. */
  async function narrow(): Promise<{ port: number; allocator: PortAllocator }> {
    const port = await freePort()
    return { port, allocator: new PortAllocator({ first: port, last: port }) }
  }

  it('gives an instance the same ports again, and to no other', async () => {
    const { port, allocator } = await narrow()
    expect(await allocator.allocate(1, one, {}, {})).to.deep.equal({ game: port })
    expect(await allocator.allocate(1, one, {}, { game: port })).to.deep.equal({ game: port })
    expect(await failureOf(allocator.allocate(2, one, {}, {}))).to.include({ code: 'no_free_port' })
    allocator.release(1)
    expect(await allocator.allocate(2, one, {}, {})).to.deep.equal({ game: port })
  })

  it('keeps nothing of what it could not give in full', async () => {
    const { port, allocator } = await narrow()
    expect(await failureOf(allocator.allocate(1, two, {}, {}))).to.include({ code: 'no_free_port' })
    expect(await allocator.allocate(2, one, {}, {})).to.deep.equal({ game: port })
  })

  it('leaves an instance what it has when it asks for more than there is', async () => {
    const { port, allocator } = await narrow()
    const ports = await allocator.allocate(1, one, {}, {})
    expect(await failureOf(allocator.allocate(1, two, {}, ports))).to.include({ code: 'no_free_port' })
    expect(await failureOf(allocator.allocate(2, one, { game: port }, {}))).to.include({ code: 'port_taken' })
  })

  it('does not let an instance keep a port that has become another\'s', async () => {
    const { port, allocator } = await narrow()
    const ports = await allocator.allocate(1, one, {}, {})
    await allocator.allocate(1, {}, {}, {})
    expect(await allocator.allocate(2, one, { game: port }, {})).to.deep.equal({ game: port })
    expect(await failureOf(allocator.allocate(1, one, {}, ports))).to.include({ code: 'no_free_port' })
  })
})
