import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

describe('packageRoot', () => {
  it('is the folder of Corral\'s package.json', () => {
    expect(JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))).to.include({ name: 'corral' })
    expect(join(packageRoot, 'lib')).to.equal(import.meta.dirname)
  })
})
