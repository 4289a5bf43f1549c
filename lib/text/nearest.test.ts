import { expect } from 'chai'
import { didYouMean, nearest } from './nearest.ts'

describe('nearest', () => {
  it('finds a word with one letter wrong, missing, too many or swapped', () => {
    for (const slip of ['porst', 'prts', 'portss', 'pords', 'Ports']) {
      expect(nearest(slip, ['files', 'ports', 'console'])).to.equal('ports')
    }
  })

  it('prefers the nearer of two candidates', () => {
    expect(nearest('max_playrs', ['max_layers', 'max_players'])).to.equal('max_players')
  })

  it('finds nothing when all candidates are far', () => {
    expect(nearest('colour', ['ports', 'files'])).to.equal(undefined)
    expect(nearest('', ['ports'])).to.equal(undefined)
    expect(nearest('ports', [])).to.equal(undefined)
  })

  it('words a hint only when there is one', () => {
    expect(didYouMean('redy', ['ready'])).to.equal(' (did you mean "ready"?)')
    expect(didYouMean('zzz', ['ready'])).to.equal('')
  })
})
