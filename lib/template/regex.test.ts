import { expect } from 'chai'
import { groupsOf, regexProblem } from './regex.ts'

describe('regexProblem', () => {
  it('lets usual regexes pass', () => {
    for (const source of [
      '^\\[join\\] (?<player>.+)$', 'Done \\([\\d.]+s\\)!', '(?:ab)+', '(a|b)*c', '[(+)]+', '\\(a+\\)+', '^(?:[^ ]* ){2}x', '(a+)?b', '',
    ]) expect(regexProblem(source), source).to.equal(undefined)
  })

  it('refuses what does not compile, with a reason', () => {
    expect(regexProblem('(')).to.match(/[Ii]nvalid/)
    expect(regexProblem('\\<')).to.match(/[Ii]nvalid/)
  })

  it('refuses repeats within repeats', () => {
    for (const source of ['(a+)+$', '(?:a*)*b', '((?:x+)y?)*z', '([a-z]+)*$', '(a{2,})+']) {
      expect(regexProblem(source), source).to.include('repeat')
    }
  })

  it('refuses what takes too long on a long line, and does not take long itself', () => {
    const began = performance.now()
    expect(regexProblem('(.*)a(.*)a(.*)a(.*)b')).to.include('too long')
    expect(regexProblem('^(a|aa)+$')).to.include('too long')
    expect(performance.now() - began).to.be.lessThan(5000)
  })

  it('tells the named groups', () => {
    expect(groupsOf('^(?<player>a)|(?<text>b)$')).to.have.members(['player', 'text'])
    expect(groupsOf('a')).to.deep.equal([])
  })
})
