import { expect } from 'chai'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { InstanceDirectory } from '../instance/record.ts'
import { runFiles } from '../run/run-files.ts'
import { exitOf, TestRuns } from '../run/test-runs.ts'
import { ConsoleArchive } from './archive.ts'

describe('ConsoleArchive', () => {
  let runs: TestRuns
  let archive: ConsoleArchive
  beforeEach(() => {
    runs = new TestRuns()
    archive = new ConsoleArchive(new InstanceDirectory(join(runs.directory, 'instances/1')))
  })
  afterEach(async () => {
    await archive.close()
    await runs.close()
  })

  async function endedRun(): Promise<void> {
    await exitOf(await runs.launch(['echo', 'hello']))
  }

  /** A run as it is between the making of its directory and the claim of its game. */
  async function runUnderWay(): Promise<string> {
    const directory = runs.newDirectory()
    await mkdir(directory, { recursive: true })
    for (const file of [runFiles(directory).claim, runFiles(directory).output]) await writeFile(file, '')
    return directory
  }

  it('leaves a start alone that is under way: it is neither revoked nor shown', async () => {
    await endedRun()
    const claim = runFiles(await runUnderWay()).claim
    expect((await archive.list()).runs.map(({ run }) => run)).to.deep.equal([1])
    expect(await archive.read({})).to.deep.include({ next_run: null, end: 6 })
    expect((await archive.read({})).chunk).to.include({ run: 1, text: 'hello\n' })
    expect((await failureOf(archive.read({ run: 2 }))).code).to.equal('not_found')
    expect(await readFile(claim, 'utf8')).to.equal('')
  })

  it('has nothing to read before the first game has begun', async () => {
    await runUnderWay()
    expect(await archive.list()).to.deep.equal({ runs: [] })
    expect((await failureOf(archive.read({}))).code).to.equal('not_found')
  })

  it('lists what it can read, though others never began, or are deleted at that moment', async () => {
    await endedRun()
    await writeFile(runFiles(await runUnderWay()).claim, 'R\n')
    await endedRun()
    await rm(runFiles(join(runs.directory, 'instances/1/runs/3')).output)
    await endedRun()
    expect((await archive.list()).runs.map(({ run }) => run)).to.deep.equal([1, 4])
  })

  it('reads a run that goes on without writing into its directory', async () => {
    const run = await runs.shell('echo hello; read -r x')
    const { known } = runFiles(join(runs.directory, 'instances/1/runs/1'))
    // Who looks after the run writes there.
    await run.detach()
    await writeFile(known, 'as it was')
    await archive.list()
    expect(await readFile(known, 'utf8')).to.equal('as it was')
    process.kill(-run.pid, 'SIGKILL')
  })
})
