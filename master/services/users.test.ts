import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { Access } from './access.ts'
import { TokenService } from './tokens.ts'
import { userInfo, UserService } from './users.ts'
import type { UserRecord } from './users.ts'

describe('Users', () => {
  let store: Store
  let users: UserService
  beforeEach(() => {
    store = openMemoryStore()
    users = new UserService(store)
  })

  const create = (name: string, password = 'secret', role: 'admin' | 'viewer' = 'viewer'): Promise<UserRecord> => users.create({ name, password, role })

  it('log in with name and password, and with nothing else', async () => {
    const { id } = await create('ann')
    expect(await users.authenticate('ann', 'secret')).to.deep.equal({ userId: id, passwordNumber: 1 })
    for (const [name, password] of [['ann', 'Secret'], ['ann', ''], ['Ann', 'secret'], ['bob', 'secret'], ['__proto__', 'secret'], ['ann', 'x'.repeat(100_000)]] as const) {
      expect((await failureOf(users.authenticate(name, password))).code, name).to.equal('unauthenticated')
    }
  })

  it('are known after a restart, their passwords as Argon2id hashes only', async () => {
    await create('ann', 'a password to look for')
    const again = openMemoryStore()
    await again.import(store.export())
    expect((await new UserService(again).authenticate('ann', 'a password to look for')).userId).to.equal(1)
    const text = [...store.export()].join('\n')
    expect(text).to.include('$argon2id$v=19$m=19456,t=2,p=1$').and.not.include('to look for')
    const [record] = users.list()
    expect(JSON.stringify(userInfo(record as UserRecord))).to.not.include('argon2')
  })

  it('with the same password have different hashes', async () => {
    const hashes = (await Promise.all(['ann', 'bob'].map((name) => create(name)))).map((record) => record.password_hash)
    expect(new Set(hashes).size).to.equal(2)
  })

  it('have names of their own, also when two are made at once', async () => {
    const outcomes = await Promise.allSettled([create('ann'), create('ann')])
    expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected'])
    expect((await failureOf(create('ann'))).code).to.equal('name_in_use')
    await users.delete(1)
    expect((await create('ann')).id).to.equal(2)
  })

  it('who get another password or are deleted lose their rights at once, and listeners are told', async () => {
    const access = new Access(new TokenService(store), users)
    const { id } = await create('ann', 'secret', 'admin')
    const told: number[] = []
    users.onRevoked((userId) => told.push(userId))
    const first = await users.authenticate('ann', 'secret')
    access.require(first, 'instance.delete')
    await users.setPassword(id, 'other')
    expect(() => access.require(first, 'none')).to.throw().with.property('code', 'unauthenticated')
    expect([access.isInForce(first), access.holds(first, 'none')]).to.deep.equal([false, false])
    const second = await users.authenticate('ann', 'other')
    expect(access.holds(second, 'instance.delete')).to.equal(true)
    await users.delete(id)
    expect(access.isInForce(second)).to.equal(false)
    expect(told).to.deep.equal([id, id])
    expect((await failureOf(users.delete(id))).code).to.equal('not_found')
    expect((await failureOf(users.setPassword(id, 'x'))).code).to.equal('not_found')
  })

  it('may do what their role allows', async () => {
    const access = new Access(new TokenService(store), users)
    await create('ann')
    const ann = await users.authenticate('ann', 'secret')
    access.require(ann, 'instance.read')
    expect(() => access.require(ann, 'user.manage')).to.throw(/user "ann" \(role viewer\).*user\.manage/).with.property('code', 'forbidden')
  })

  it('change their own password with the old one', async () => {
    await create('ann')
    const before = await users.authenticate('ann', 'secret')
    expect((await failureOf(users.changePassword(before, 'wrong', 'new password'))).code).to.equal('unauthenticated')
    for (const password of ['', '7 signs', '😀😀😀😀', 'x'.repeat(1_025)]) expect((await failureOf(users.changePassword(before, 'secret', password))).code).to.equal('invalid_request')
    const after = await users.changePassword(before, 'secret', 'new password')
    expect([users.isInForce(before), users.isInForce(after)]).to.deep.equal([false, true])
    expect((await failureOf(users.changePassword(before, 'new password', 'another one'))).code).to.equal('unauthenticated')
    expect(await users.authenticate('ann', 'new password')).to.deep.equal(after)
  })

  it('whose password is changed in two places at once get one of the two', async () => {
    await create('ann')
    const before = await users.authenticate('ann', 'secret')
    const outcomes = await Promise.allSettled([users.changePassword(before, 'secret', 'first one'), users.changePassword(before, 'secret', 'second one')])
    expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected'])
  })

  it('that there are not take as long to refuse as those that there are', async function () {
    this.timeout(20_000)
    await create('ann')
    const timeOf = async (name: string): Promise<number> => {
      const began = performance.now()
      await failureOf(users.authenticate(name, 'wrong'))
      return performance.now() - began
    }
    const times = { ann: [] as number[], nobody: [] as number[] }
    for (let round = 0; round < 15; round += 1) {
      times.ann.push(await timeOf('ann'))
      times.nobody.push(await timeOf('nobody'))
    }
    const median = (list: number[]): number => list.toSorted((a, b) => a - b)[7] ?? 0
    expect(median(times.nobody) / median(times.ann)).to.be.within(0.5, 2)
  })

  it('log in few at a time; beyond a bound of those that wait, it is overloaded', async () => {
    await create('ann')
    const outcomes = await Promise.allSettled(Array.from({ length: 260 }, () => users.authenticate('ann', 'secret')))
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).to.deep.equal(Array.from({ length: 8 }, () => 'overloaded'))
    await users.authenticate('ann', 'secret')
  }).timeout(30_000)
})
