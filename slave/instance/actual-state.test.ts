import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { silentLogger } from '../../lib/log/logger.ts'
import { ActualState } from './actual-state.ts'

describe('ActualState', () => {
  const problemOf = (message: string, then?: string): string | null => {
    const actual = new ActualState(silentLogger, () => {})
    actual.crashed(new ClusterError('start_failed', message), then)
    return actual.problem
  }

  it('tells what is wrong and what happens next in sentences of their own', () => {
    expect(problemOf('Port 1 is in use; stop what uses it', 'It is started again.')).to.equal('Port 1 is in use; stop what uses it. It is started again.')
    expect(problemOf('It printed nothing.', 'It is started again.')).to.equal('It printed nothing. It is started again.')
    expect(problemOf('Its last lines:\none\ntwo', 'It is started again.')).to.equal('Its last lines:\none\ntwo\nIt is started again.')
    expect(problemOf('Port 1 is in use')).to.equal('Port 1 is in use')
  })
})
