import { expect } from 'chai'
import { isSameSecret } from './same-secret.ts'

describe('isSameSecret', () => {
  it('holds for the same text only, whatever the lengths', () => {
    expect(isSameSecret('hunter2', 'hunter2')).to.equal(true)
    expect(isSameSecret('', '')).to.equal(true)
    for (const other of ['', 'hunter', 'hunter3', 'hunter22', 'Hunter2']) expect(isSameSecret(other, 'hunter2'), other).to.equal(false)
  })
})
