import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { loggerTo, silentLogger } from '../../lib/log/logger.ts'
import { ActualState } from './actual-state.ts'

describe('ActualState', () => {
  it('logs the further lines of a problem as a list, for a log has one line for each entry', () => {
    const entries: unknown[][] = []
    const actual = new ActualState(loggerTo((...entry) => entries.push(entry)), () => {})
    actual.crashed(new ClusterError('start_failed', 'It failed. Its last lines:\none\ntwo'), 'It is started again.')
    actual.crashed(new ClusterError('start_failed', 'It failed'))
    expect(entries).to.deep.equal([['warn', 'It failed. Its last lines:', { lines: ['one', 'two', 'It is started again.'] }], ['warn', 'It failed', {}]])
  })

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
