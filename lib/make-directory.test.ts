import { expect } from 'chai'
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cleanups } from '../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../test/helpers/temp-directory.ts'
import { ClusterError } from './errors/cluster-error.ts'
import { expectWritable, makeDataDirectory, makeDirectory } from './make-directory.ts'

describe('makeDirectory', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const errorOf = (attempt: () => unknown): ClusterError => {
    try {
      attempt()
    } catch (error) {
      if (error instanceof ClusterError) return error
      throw error
    }
    throw new Error('Expected a ClusterError')
  }

  it('makes what is missing, tells the first that it made, and leaves what is there', async () => {
    const directory = await temporaryDirectory(cleanups)
    mkdirSync(join(directory, 'there'), { mode: 0o750 })
    expect(makeDirectory(join(directory, 'there/a/b'), 0o700)).to.equal(join(directory, 'there/a'))
    expect(makeDirectory(join(directory, 'there/a/b'), 0o711)).to.equal(undefined)
    const modeOf = (path: string): number => statSync(join(directory, path)).mode & 0o777
    expect([modeOf('there'), modeOf('there/a'), modeOf('there/a/b')]).to.deep.equal([0o750, 0o700, 0o700])
  })

  it('fails with the path where none can be made, instead of trying for ever', async () => {
    const directory = await temporaryDirectory(cleanups)
    writeFileSync(join(directory, 'file'), '')
    symlinkSync('nowhere', join(directory, 'link'))
    for (const path of ['/proc/nope/deep', join(directory, 'file'), join(directory, 'file/below'), join(directory, 'link')]) {
      expect(errorOf(() => makeDataDirectory(path, 0o700))).to.include({ code: 'invalid_config' }).with.property('message').that.includes(path)
    }
  })

  it('finds out whether a directory can be written, and leaves nothing there', async () => {
    const directory = await temporaryDirectory(cleanups)
    expectWritable(directory)
    expect(readdirSync(directory)).to.deep.equal([])
    expect(errorOf(() => expectWritable('/proc/self'))).to.include({ code: 'invalid_config' }).with.property('message').that.includes('/proc/self')
  })
})
