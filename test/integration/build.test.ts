import { expect } from 'chai'
import { mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../../lib/package-root.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

interface BuildScript {
  publishBuild(directory: string, files: Readonly<Record<string, string>>, begunMs?: number): Promise<void>
  isCurrent(directory: string, sources: readonly string[]): Promise<boolean>
}

describe('A build', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  let script: BuildScript
  let directory: string
  before(async () => {
    script = await import(pathToFileURL(join(packageRoot, 'scripts/publish-build.js')).href) as BuildScript
  })
  beforeEach(async () => {
    directory = join(await temporaryDirectory(cleanups), 'dist')
  })

  it('leaves the parts that a program started before it may still load', async () => {
    await mkdir(join(directory, 'shared'), { recursive: true })
    await writeFile(join(directory, 'shared/run-AAAAAAAA.js'), 'before')
    await script.publishBuild(directory, { 'master.js': 'one', 'shared/run-BBBBBBBB.js': 'one' })
    await script.publishBuild(directory, { 'master.js': 'two', 'shared/run-CCCCCCCC.js': 'two' })
    expect(await readFile(join(directory, 'master.js'), 'utf8')).to.equal('two')
    expect((await readdir(join(directory, 'shared'))).sort()).to.deep.equal(['run-AAAAAAAA.js', 'run-BBBBBBBB.js', 'run-CCCCCCCC.js'])
  })

  it('drops parts of builds long past, and none for having been built twice', async () => {
    for (let count = 0; count < 30; count += 1) await script.publishBuild(directory, { 'master.js': 'same', 'run-AAAAAAAA.js': 'same' })
    await script.publishBuild(directory, { 'master.js': 'one', 'run-BBBBBBBB.js': 'one' })
    expect(await readdir(directory)).to.include.members(['run-AAAAAAAA.js', 'run-BBBBBBBB.js'])
    for (let count = 0; count < 20; count += 1) await script.publishBuild(directory, { 'master.js': `${count}`, [`run-CCCCCC${10 + count}.js`]: '' })
    expect(await readdir(directory)).not.to.include.members(['run-AAAAAAAA.js', 'run-BBBBBBBB.js'])
  })

  it('is needed when a source has changed, or a file of it is gone', async () => {
    const source = join(await temporaryDirectory(cleanups), 'sources')
    await mkdir(source)
    await writeFile(join(source, 'a.ts'), '')
    expect(await script.isCurrent(directory, [source])).to.equal(false)
    const later = Date.now() + 60_000
    await script.publishBuild(directory, { 'master.js': 'one' }, later)
    expect(await script.isCurrent(directory, [source])).to.equal(true)
    await utimes(join(source, 'a.ts'), later / 1_000 + 1, later / 1_000 + 1)
    expect(await script.isCurrent(directory, [source])).to.equal(false)
    await script.publishBuild(directory, { 'master.js': 'one' }, later + 60_000)
    expect(await script.isCurrent(directory, [source])).to.equal(true)
    await rm(join(directory, 'master.js'))
    expect(await script.isCurrent(directory, [source])).to.equal(false)
  })
})
