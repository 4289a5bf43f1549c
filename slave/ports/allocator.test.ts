import { expect } from 'chai'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { PortAllocator } from './allocator.ts'

const first = { id: 1, name: 'arena' }
const second = { id: 2, name: 'lobby' }
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
    expect(await allocator.allocate(first, one, {}, {})).to.deep.equal({ game: port })
    expect(await allocator.allocate(first, one, {}, { game: port })).to.deep.equal({ game: port })
    expect(await failureOf(allocator.allocate(second, one, {}, {}))).to.include({ code: 'no_free_port' })
    allocator.release(1)
    expect(await allocator.allocate(second, one, {}, {})).to.deep.equal({ game: port })
  })

  it('keeps nothing of what it could not give in full', async () => {
    const { port, allocator } = await narrow()
    expect(await failureOf(allocator.allocate(first, two, {}, {}))).to.include({ code: 'no_free_port' })
    expect(await allocator.allocate(second, one, {}, {})).to.deep.equal({ game: port })
  })

  it('leaves an instance what it has when it asks for more than there is', async () => {
    const { port, allocator } = await narrow()
    const ports = await allocator.allocate(first, one, {}, {})
    expect(await failureOf(allocator.allocate(first, two, {}, ports))).to.include({ code: 'no_free_port' })
    expect(await failureOf(allocator.allocate(second, one, { game: port }, {}))).to.include({ code: 'port_taken' })
  })

  it('says by name whose a port is', async () => {
    const { port, allocator } = await narrow()
    await allocator.allocate(first, one, {}, {})
    expect((await failureOf(allocator.allocate(second, one, { game: port }, {}))).message).to.equal(`Port ${port} (game) belongs to the instance arena (id 1) on this slave; choose another`)
  })

  it('does not let an instance keep a port that has become another\'s', async () => {
    const { port, allocator } = await narrow()
    const ports = await allocator.allocate(first, one, {}, {})
    await allocator.allocate(first, {}, {}, {})
    expect(await allocator.allocate(second, one, { game: port }, {})).to.deep.equal({ game: port })
    expect(await failureOf(allocator.allocate(first, one, {}, ports))).to.include({ code: 'no_free_port' })
  })
})
