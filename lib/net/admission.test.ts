import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { Admission } from './admission.ts'
import type { Admitted } from './admission.ts'

const limits = { unauthenticatedConnections: 2, failedLoginsPerMinute: 3 }

describe('Admission', () => {
  it('refuses an address the connection too many, and takes the next when one is done', () => {
    const admission = new Admission(limits)
    const first = admission.admit('192.0.2.1')
    admission.admit('192.0.2.1')
    expect(() => admission.admit('192.0.2.1')).to.throw().with.property('details').deep.equal({ limit: 'limits.unauthenticated_connections' })
    admission.admit('192.0.2.2')
    first.done()
    first.done()
    admission.admit('192.0.2.1')
    expect(() => admission.admit('192.0.2.1')).to.throw()
  })

  it('refuses logins of an address that failed too often until the minute is over, and nobody else\'s', () => {
    let now = 1_000_000
    const admission = new Admission(limits, () => now)
    for (let i = 0; i < 3; i++) admission.failed('192.0.2.1')
    expect(() => admission.checkLogins('192.0.2.1')).to.throw().with.property('details').deep.equal({ limit: 'limits.failed_logins_per_minute' })
    admission.admit('192.0.2.1')
    admission.checkLogins('192.0.2.2')
    now += 60_000
    admission.checkLogins('192.0.2.1')
  })

  it('lets in who has what can\'t be guessed, however often his address has failed', () => {
    const admission = new Admission(limits)
    const check = (token: string) => (): string => {
      if (token !== 'good') throw new ClusterError('unauthenticated', 'no')
      return token
    }
    const codeOf = (token: string): string => {
      try {
        return admission.attempt('192.0.2.1', check(token))
      } catch (error) {
        return ClusterError.from(error).code
      }
    }
    expect(['bad', 'good', 'bad', 'bad', 'bad', 'bad', 'good'].map(codeOf)).to.deep.equal(
      ['unauthenticated', 'good', 'unauthenticated', 'unauthenticated', 'overloaded', 'overloaded', 'good'],
    )
    expect(() => admission.attempt('192.0.2.2', () => { throw new ClusterError('overloaded', 'elsewhere') })).to.throw('elsewhere')
    expect(codeOf('good')).to.equal('good')
  })

  it('tells who takes a connection over when that is known, at once where it is not counted', () => {
    const admission = new Admission(limits)
    const told: string[] = []
    let admitted: Admitted | undefined
    admission.during(() => { admitted = admission.admit('192.0.2.1') }, () => { told.push('counted') })
    admission.admit('192.0.2.1').done()
    expect(told).to.deep.equal([])
    admitted?.done()
    admission.during(() => {}, () => { told.push('not counted') })
    expect(() => admission.during(() => { throw new Error('refused') }, () => { told.push('refused') })).to.throw('refused')
    expect(told).to.deep.equal(['counted', 'not counted', 'refused'])
  })

  it('counts the addresses of one IPv6 network together, and IPv4 in IPv6 as IPv4', () => {
    const admission = new Admission(limits)
    admission.admit('2001:db8::1')
    admission.admit('2001:db8:0:0:1::2')
    expect(() => admission.admit('2001:db8::ffff')).to.throw()
    admission.admit('2001:db8:0:1::1')
    admission.admit('::ffff:192.0.2.1')
    admission.admit('192.0.2.1')
    expect(() => admission.admit('192.0.2.1')).to.throw()
  })

  it('forgets addresses when there are very many, but never how many connections one has open', () => {
    const admission = new Admission(limits)
    admission.admit('192.0.2.1')
    admission.admit('192.0.2.1')
    for (let i = 0; i < 150_000; i++) admission.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    expect(() => admission.admit('192.0.2.1')).to.throw()
  })
})
