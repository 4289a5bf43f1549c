import { expect } from 'chai'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import { exitCodeOf } from './report-error.ts'
import { resolve, resolveAll } from './resolve.ts'

const list = [{ id: 1, name: 'arena' }, { id: 2, name: 'lobby' }, { id: 3, name: 'twin' }, { id: 4, name: 'twin' }]

function errorOf(work: () => unknown): ClusterError {
  try {
    work()
  } catch (error) {
    if (error instanceof ClusterError) return error
  }
  throw new Error('No ClusterError was thrown')
}

describe('Naming things', () => {
  it('takes a name or an id', () => {
    expect(resolve('instance', list, 'lobby').id).to.equal(2)
    expect(resolve('instance', list, '1').name).to.equal('arena')
  })

  it('suggests the nearest name and ends with exit code 5 when there is none', () => {
    const error = errorOf(() => resolve('instance', list, 'arean'))
    expect(error.message).to.equal('There is no instance "arean"; did you mean "arena"?')
    expect(exitCodeOf(error)).to.equal(5)
    expect(errorOf(() => resolve('slave', list, '99')).message).to.contain('There is no slave 99; see `ctl slave list`')
  })

  it('does not guess between several of one name', () => {
    const error = errorOf(() => resolve('token', list, 'twin'))
    expect(error.code).to.equal('conflict')
    expect(error.message).to.contain('3, 4')
  })

  it('takes what is named twice once, and reports each word that means nothing', () => {
    const all = resolveAll('instance', list, ['arena', 'nothing', '1', 'lobby'])
    expect(all.map((each) => ('target' in each ? each.target.id : 'error'))).to.deep.equal([1, 'error', 2])
  })

  it('takes ids of any sign, and names that are numbers where no id is that number', () => {
    const odd = [{ id: -4, name: 'minus' }, { id: 7, name: '42' }, { id: 42, name: 'x' }, { id: 8, name: '43' }]
    expect(resolve('slave', odd, '-4').name).to.equal('minus')
    expect(resolve('slave', odd, '42').name).to.equal('x')
    expect(resolve('slave', odd, '43').id).to.equal(8)
  })
})
