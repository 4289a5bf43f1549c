import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { readStarted, recordStarted, restartReason } from './started.ts'

const started = { atMs: 1_000, versions: new Map([['greeter', '1.0.0']]) }
const greeter = { name: 'greeter', version: '1.0.0', enabled: true, installedMs: 500 }

describe('What a running master has started', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('is read back while the process that put it on record lives', async () => {
    const directory = await temporaryDirectory(cleanups)
    expect(await readStarted(directory)).to.equal(undefined)
    await recordStarted(directory, started)
    expect(await readStarted(directory)).to.deep.equal(started)
  })

  it('is not known where that process is gone, its number was given to another, or the record is damaged', async () => {
    const directory = await temporaryDirectory(cleanups)
    await mkdir(join(directory, 'plugins'))
    const gone = { process: { pid: process.pid, startTicks: '1', bootId: 'another' }, atMs: 0, plugins: {} }
    for (const text of [JSON.stringify(gone), '{', '{}', 'null']) {
      await writeFile(join(directory, 'plugins/started.json'), text)
      expect(await readStarted(directory), text).to.equal(undefined)
    }
  })

  it('tells for which plugins it must be started again, and why', () => {
    expect(restartReason(greeter, started)).to.equal(undefined)
    expect(restartReason({ ...greeter, enabled: false }, started)).to.contain('still has it')
    expect(restartReason({ ...greeter, version: '2.0.0' }, started)).to.contain('has version 1.0.0')
    expect(restartReason({ ...greeter, installedMs: 1_500 }, started)).to.contain('installed again')
    expect(restartReason({ ...greeter, name: 'other' }, started)).to.contain('does not have it yet')
    expect(restartReason({ ...greeter, name: 'other', enabled: false }, started)).to.equal(undefined)
    expect(restartReason({ ...greeter, installedMs: undefined }, started), 'comes with Corral').to.equal(undefined)
  })
})
