import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Cleanups } from '../helpers/cleanups.ts'
import { report } from '../helpers/fault-rounds.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'
import type { DiskFullReport } from './fixtures/disk-full-child.ts'

describe('a cluster whose disk is full', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('refuses mutations clearly, loses none that it acknowledged, keeps its games, and works again when there is space', async function () {
    this.timeout(120_000)
    const found = onSmallDisk(await temporaryDirectory(cleanups))
    expect(found.refusals).to.deep.equal(['disk_full'])
    expect(found.missing, 'acknowledged and not there').to.deep.equal([])
    expect(found.isGameSame, 'the game went on').to.equal(true)
    expect(found.isGameAnswering, 'the game was spoken to while the disk was full').to.equal(true)
    expect(found.stoppedWhileFull, 'a stop is obeyed by the game that it is for').to.match(/^(stopped|disk_full)$/)
    expect(found.isMasterSame && found.isSlaveSame, 'no program ended').to.equal(true)
    expect(found.afterwards).to.deep.equal(['created', 'started', 'stopped'])
    expect(found.missingAfterRestart, 'lost by a restart').to.deep.equal([])
    report(`${found.acknowledged} mutations acknowledged on a disk of 24 MB, ${found.refused} refused with disk_full: 0 lost, 1 game went on`)
  })
})

/** In a mount namespace of its own, so that nothing stays mounted; without root in a user namespace as well. */
function onSmallDisk(directory: string): DiskFullReport {
  const namespaces = process.getuid?.() === 0 ? '-m' : '-Urm'
  const script = join(import.meta.dirname, 'fixtures/disk-full-child.ts')
  const command = 'mount -t tmpfs -o size=24m corral-test "$1" && TMPDIR="$1" exec "$2" --import tsx "$3"'
  const { stdout, stderr } = spawnSync('unshare', [namespaces, 'sh', '-c', command, 'sh', directory, process.execPath, script], {
    encoding: 'utf8', timeout: 110_000, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024,
  })
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`The cluster on the small disk came to nothing: ${stdout}\n${stderr}`)
  return JSON.parse(line) as DiskFullReport
}
