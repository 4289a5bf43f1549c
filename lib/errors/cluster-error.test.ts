import { expect } from 'chai'
import { ClusterError } from './cluster-error.ts'

describe('A ClusterError', () => {
  it('is known for what it is when another copy of this package has thrown it', () => {
    const foreign = Object.assign(new Error('no'), { [Symbol.for('corral.ClusterError')]: true, code: 'not_found' })
    expect(foreign).to.be.instanceOf(ClusterError)
    expect(ClusterError.from(foreign)).to.equal(foreign)
  })

  it('is made of anything else without giving away what it was', () => {
    const known = ClusterError.from(new TypeError('secret'))
    expect(known).to.be.instanceOf(ClusterError).and.include({ code: 'internal' })
    expect(known.message).not.to.include('secret')
    expect(new Error('plain')).not.to.be.instanceOf(ClusterError)
  })
})
