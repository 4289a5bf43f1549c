import { expect } from 'chai'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { Admission, ClusterError } from '../../lib/plugin.ts'
import type { UserPrincipal } from '../../lib/plugin.ts'
import { Logins } from './logins.ts'

const principal: UserPrincipal = { userId: 1, passwordNumber: 1 }

describe('Logins', () => {
  function setUp(failedLoginsPerMinute = 10) {
    const checks: Array<{ resolve(value: UserPrincipal): void; reject(error: Error): void }> = []
    const authenticateUser = (): Promise<UserPrincipal> => new Promise((resolve, reject) => { checks.push({ resolve, reject }) })
    const admission = new Admission({ unauthenticatedConnections: 1_000, failedLoginsPerMinute })
    return { checks, logins: new Logins({ authenticateUser, changePassword: authenticateUser }, admission) }
  }

  const turn = (): Promise<void> => new Promise(setImmediate)

  it('check few of one address at a time, and others beside them', async () => {
    const { checks, logins } = setUp()
    const results = Array.from({ length: 10 }, () => logins.authenticate('192.0.2.1', 'ann', 'secret'))
    await turn()
    expect(checks).to.have.length(4)
    const other = logins.authenticate('192.0.2.2', 'bob', 'secret')
    await turn()
    expect(checks).to.have.length(5)
    checks.pop()?.resolve(principal)
    expect(await other).to.equal(principal)
    for (let done = 0; done < 10; done += 1) {
      checks.shift()?.resolve(principal)
      await turn()
    }
    expect(await Promise.all(results)).to.have.length(10)
  })

  it('of a flood check no more than may fail in a minute', async () => {
    const { checks, logins } = setUp(6)
    let count = 0
    const results = Array.from({ length: 50 }, () => failureOf(logins.authenticate('192.0.2.1', 'ann', 'wrong')))
    await turn()
    while (checks.length > 0) {
      checks.shift()?.reject(new ClusterError('unauthenticated', 'wrong'))
      count += 1
      await turn()
    }
    const codes = (await Promise.all(results)).map(({ code }) => code)
    expect(count).to.be.within(6, 9)
    expect(codes.filter((code) => code === 'overloaded')).to.have.length(50 - count)
  })

  it('check nothing that can be no login', async () => {
    const { checks, logins } = setUp()
    for (const [name, password] of [['', 'x'], [' ', 'x'], ['ann', ''], [5, 'x'], ['ann', undefined], [undefined, undefined]]) {
      expect((await failureOf(logins.authenticate('192.0.2.1', name, password))).code).to.equal('unauthenticated')
    }
    expect((await failureOf(logins.changePassword('192.0.2.1', principal, 5, 'x'))).code).to.equal('invalid_request')
    expect(checks).to.deep.equal([])
  })
})
