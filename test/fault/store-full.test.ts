import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Cleanups } from '../helpers/cleanups.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

interface Report {
  codes: string[]
  confirmed: string[]
  shownWhenFull: string[]
  shownAfterwards: string[]
}

describe('A store whose disk is full', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('rejects with disk_full, keeps exactly what it confirmed, and writes again when there is space', async () => {
    const report = fillSmallDisk(await temporaryDirectory(cleanups))
    expect(report.codes).to.deep.equal(['disk_full'])
    expect(report.confirmed).to.include('after').and.to.have.length.greaterThan(8)
    expect(report.shownWhenFull).to.deep.equal(report.confirmed.filter((id) => id !== 'after'))
    expect(report.shownAfterwards).to.deep.equal(report.confirmed)
  })
})

/** In a mount namespace of its own, so that nothing stays mounted; without root in a user namespace as well. */
function fillSmallDisk(directory: string): Report {
  const namespaces = process.getuid!() === 0 ? '-m' : '-Urm'
  const script = join(import.meta.dirname, 'fixtures/store-child.ts')
  const command = 'mount -t tmpfs -o size=4m corral-test "$1" && exec "$2" --import tsx "$3" fill-disk "$1/store.db"'
  const { stdout, stderr } = spawnSync('unshare', [namespaces, 'sh', '-c', command, 'sh', directory, process.execPath, script], {
    encoding: 'utf8',
    timeout: 15_000,
    killSignal: 'SIGKILL',
  })
  expect(stdout, stderr).to.match(/^\{/)
  return JSON.parse(stdout) as Report
}
