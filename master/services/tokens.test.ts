import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { SlaveService } from './slaves.ts'
import { TokenService } from './tokens.ts'

describe('TokenService', () => {
  function service(store: Store = openMemoryStore()) {
    const tokens = new TokenService(store)
    const gone: number[] = []
    tokens.onRevoked((id) => gone.push(id))
    return { store, tokens, gone, kept: () => store.collection('tokens').list().map(({ id }) => Number(id)) }
  }

  it('tells when a token expires, and deletes it; others stay', async () => {
    const { tokens, gone, kept } = service()
    const { record: later } = await tokens.create({ name: 'later', role: 'viewer', expiresInS: 3_600 })
    const { record: brief } = await tokens.create({ name: 'brief', role: 'viewer', expiresInS: 0.05 })
    const { record: endless } = await tokens.create({ name: 'endless', role: 'viewer' })
    expect(gone).to.deep.equal([])
    await eventually(() => expect(kept()).to.deep.equal([later.id, endless.id]))
    expect(new Set(gone)).to.deep.equal(new Set([brief.id]))
    tokens.close()
  })

  it('deletes what expired while no master ran', async () => {
    const { store, tokens, kept } = service()
    tokens.close()
    for (let i = 0; i < 20; i += 1) await tokens.create({ name: `t${i}`, role: 'viewer', expiresInS: 0.001 })
    await eventually(() => expect(tokens.list()).to.deep.equal([]))
    expect(kept()).to.have.length(20)
    const next = service(store)
    await eventually(() => expect(kept()).to.deep.equal([]))
    next.tokens.close()
  })

  it('tells of a token that has expired although it can\'t be deleted', async () => {
    const { store, tokens, gone } = service()
    const { record } = await tokens.create({ name: 'brief', role: 'viewer', expiresInS: 0.05 })
    await store.close()
    await eventually(() => expect(gone).to.deep.equal([record.id]))
    tokens.close()
  })

  it('lets as many slaves join at once as a join token is good for, and no more', async () => {
    const { store, tokens, kept } = service()
    const slaves = new SlaveService(store, tokens)
    const { record } = await tokens.create({ name: 'join', role: 'join', uses: 5, expiresInS: 3_600 })
    const joins = await Promise.allSettled(Array.from({ length: 7 }, (_, i) => slaves.join({ tokenId: record.id }, `s${i}`, {})))
    expect(joins.map(({ status }) => status).filter((status) => status === 'fulfilled')).to.have.length(5)
    for (const join of joins) if (join.status === 'rejected') expect((join.reason as { code: string }).code).to.equal('unauthenticated')
    expect(slaves.list()).to.have.length(5)
    expect(kept()).to.not.include(record.id)
    tokens.close()
  })

  it('keeps the last administrator\'s token without an expiry, also of two that are revoked at once', async () => {
    const { tokens, kept } = service()
    const { record: first } = await tokens.create({ name: 'first', role: 'admin' })
    await tokens.create({ name: 'viewer', role: 'viewer' })
    await tokens.create({ name: 'for a day', role: 'admin', expiresInS: 86_400 })
    const refusal = await failureOf(tokens.revoke(first.id))
    expect(refusal.code).to.equal('conflict')
    expect(refusal.message).to.include('ctl token create')
    const { record: second } = await tokens.create({ name: 'second', role: 'admin' })
    const outcomes = await Promise.allSettled([tokens.revoke(first.id), tokens.revoke(second.id)])
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected'])
    expect(kept()).to.include(second.id).and.not.include(first.id)
    for (const id of kept().filter((each) => each !== second.id)) await tokens.revoke(id)
    expect(tokens.list().map(({ name }) => name)).to.deep.equal(['second'])
    expect((await failureOf(tokens.revoke(99))).code).to.equal('not_found')
    tokens.close()
  })
})
