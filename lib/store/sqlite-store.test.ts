import { expect } from 'chai'
import Database from 'libsql'
import { chmod, copyFile, mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'

const cleanups = new Cleanups()

async function newFile(): Promise<string> {
  return join(await temporaryDirectory(cleanups), 'store.db')
}

/** A closed database with 50 documents, whose bodies are large enough to fill pages. */
async function filledFile(): Promise<string> {
  const file = await newFile()
  const store = await openSqliteStore({ file })
  const things = store.collection<string>('things')
  await Promise.all(Array.from({ length: 50 }, (_, n) => things.put(`thing-${n}`, `needle-${n} ${'x'.repeat(2_000)}`)))
  await store.close()
  return file
}

async function openingError(file: string): Promise<ClusterError> {
  const outcome = await openSqliteStore({ file }).then((store) => store.close(), (error: unknown) => error)
  expect(outcome).to.be.instanceOf(ClusterError)
  const error = outcome as ClusterError
  expect(error.message).to.contain(file)
  return error
}

describe('Opening a sqlite store', () => {
  afterEach(() => cleanups.run())

  it('makes missing folders 0700 and the file 0600, and leaves nothing else behind', async () => {
    const folder = join(await temporaryDirectory(cleanups), 'a', 'b')
    const file = join(folder, 'store.db')
    const store = await openSqliteStore({ file })
    await store.collection('things').put('a', 1)
    expect(await modeOf(join(folder, '..'))).to.equal(0o700)
    expect(await modeOf(folder)).to.equal(0o700)
    expect(await modeOf(file)).to.equal(0o600)
    expect(await modeOf(`${file}-wal`)).to.equal(0o600)
    expect(await readdir(folder)).to.have.members(['store.db', 'store.db-wal'])
    await store.close()
    expect(await readdir(folder)).to.deep.equal(['store.db'])
  })

  it('takes away the rights of others on a file that was put back', async () => {
    const file = await filledFile()
    await chmod(file, 0o644)
    await (await openSqliteStore({ file })).close()
    expect(await modeOf(file)).to.equal(0o600)
  })

  it('makes one database when two openers find none, and only one gets it', async () => {
    const file = await newFile()
    const outcomes = await Promise.allSettled([openSqliteStore({ file }), openSqliteStore({ file })])
    const stores = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    for (const store of stores) await store.close()
    expect(stores).to.have.length(1)
    expect(outcomes.find(({ status }) => status === 'rejected')).to.have.nested.property('reason.code', 'database_in_use')
  })

  it('refuses an empty file, a text, a folder, and a database of another program', async () => {
    const folder = await temporaryDirectory(cleanups)
    const file = (name: string): string => join(folder, name)
    await writeFile(file('empty'), '')
    await writeFile(file('text'), 'This is not a database.\n'.repeat(500))
    await mkdir(file('folder'))
    const foreign = new Database(file('foreign'))
    foreign.exec('CREATE TABLE doc(a)')
    foreign.close()
    const newer = new Database(file('newer'))
    newer.exec(`PRAGMA application_id=1129468492; PRAGMA user_version=99; CREATE TABLE doc(a)`)
    newer.close()
    const files = ['empty', 'text', 'foreign', 'newer']
    const contents = (): Promise<Buffer[]> => Promise.all(files.map((name) => readFile(file(name))))
    const before = await contents()
    for (const name of ['folder', ...files]) {
      expect((await openingError(file(name))).code, name).to.equal('store_failed')
    }
    expect((await openingError(file('newer'))).message).to.contain('format is 99')
    expect(await contents(), 'what is not ours stays as it is').to.deep.equal(before)
    expect(await readdir(folder)).to.have.members(['folder', ...files])
  })

  it('refuses a missing file whose log is still there', async () => {
    const file = await newFile()
    await writeFile(`${file}-wal`, 'something')
    expect((await openingError(file)).code).to.equal('store_failed')
    expect(await readdir(join(file, '..'))).to.deep.equal(['store.db-wal'])
  })

  it('refuses a folder that it cannot make', async () => {
    const file = await newFile()
    await writeFile(file, 'a file')
    expect((await openingError(join(file, 'sub', 'store.db'))).code).to.equal('store_failed')
  })

  it('refuses a file with a damaged page and one that was cut off', async () => {
    const file = await filledFile()
    const cut = join(file, '..', 'cut.db')
    await copyFile(file, cut)
    await truncate(cut, 30_000)
    const bytes = await readFile(file)
    bytes.fill(0xff, 4096 * 3, 4096 * 5)
    await writeFile(file, bytes)
    for (const damaged of [file, cut]) {
      const error = await openingError(damaged)
      expect(error.code).to.equal('store_failed')
      expect(error.message).to.contain('put a backup in their place')
    }
  })

  it('notices one changed byte in a document and names it', async () => {
    const file = await filledFile()
    const bytes = await readFile(file)
    bytes[bytes.indexOf('needle-33 ')] = 'N'.charCodeAt(0)
    await writeFile(file, bytes)
    const error = await openingError(file)
    expect(error.code).to.equal('store_failed')
    expect(error.message).to.contain('"thing-33" of things is damaged')
  })

  it('opens the file again after it refused it and the cause is gone', async () => {
    const file = await filledFile()
    const good = await readFile(file)
    await writeFile(file, good.subarray(0, 30_000))
    await openingError(file)
    await rm(`${file}-wal`, { force: true })
    await writeFile(file, good)
    const store = await openSqliteStore({ file })
    expect(store.collection('things').list()).to.have.length(50)
    await store.close()
  })
})

describe('The thread of a sqlite store', () => {
  afterEach(() => cleanups.run())

  it('rejects what is pending and all later writes when it ends, and says so once', async () => {
    const { store, failures } = await openWithWorker('opened(); port.once("message", () => process.exit(3))')
    const things = store.collection<number>('things')
    const puts = [codeOf(things.put('a', 1))]
    await new Promise((resolve) => setImmediate(resolve))
    puts.push(codeOf(things.put('b', 1)))
    expect(await Promise.all(puts)).to.deep.equal(['store_failed', 'store_failed'])
    expect(await codeOf(things.put('c', 1))).to.equal('store_failed')
    expect(things.list()).to.deep.equal([])
    expect(failures.map(({ code }) => code)).to.deep.equal(['store_failed'])
    expect(failures[0]!.message).to.contain('start the program again')
    await store.close()
  })

  it('reports an error that it throws while nothing is written', async () => {
    const { store, failures, failed } = await openWithWorker(`
      new BroadcastChannel('corral-store-test').onmessage = () => { throw new Error('out of luck') }
      opened()`)
    // An error may overtake messages: it must not come before the opening.
    const channel = new BroadcastChannel('corral-store-test')
    channel.postMessage('now')
    channel.close()
    await failed
    expect(failures[0]!.message).to.contain('out of luck')
    expect(await codeOf(store.collection('things').put('a', 1))).to.equal('store_failed')
    await store.close()
  })

  it('is given up when it does not answer in time', async () => {
    const { store, failures } = await openWithWorker('opened(); port.on("message", () => {})', { writeTimeoutMs: 50 })
    expect(await codeOf(store.collection('things').put('a', 1))).to.equal('store_failed')
    expect(failures[0]!.message).to.contain('did not answer for 0.05 s')
    await store.close()
  })

  it('goes on after a write that failed, but not after one that the disk did not confirm', async () => {
    const { store, failures } = await openWithWorker(`
      const fail = (code, isFinal) => port.postMessage({ kind: 'failed', error: { code, message: code }, isFinal })
      const answers = [() => fail('disk_full', false), () => port.postMessage({ kind: 'written' }), () => fail('store_failed', true)]
      opened(); port.on('message', (message) => message.kind === 'close' ? port.close() : answers.shift()())`)
    const things = store.collection<number>('things')
    expect(await codeOf(things.put('a', 1))).to.equal('disk_full')
    expect(await codeOf(things.put('a', 2))).to.equal('done')
    expect(failures).to.deep.equal([])
    expect(await codeOf(things.put('a', 3))).to.equal('store_failed')
    expect(failures).to.have.length(1)
    expect(things.get('a')?.value).to.equal(2)
    await store.close()
  })

  it('fails the opening when it cannot start or takes too long', async () => {
    expect(await codeOf(openWithWorker('throw new Error("no")'))).to.equal('store_failed')
    expect(await codeOf(openWithWorker('port.on("message", () => {})', { openTimeoutMs: 50 }))).to.equal('store_failed')
    const row = `{ collection: 'things', id: 'a', revision: 1, body: '{' }`
    expect(await codeOf(openWithWorker(`port.postMessage({ kind: 'rows', rows: [${row}] }); opened()`))).to.equal('store_failed')
  })
})

interface Opened {
  store: Store
  failures: ClusterError[]
  failed: Promise<void>
}

/** A store whose thread runs a script of the test's own. */
async function openWithWorker(script: string, timeouts: { writeTimeoutMs?: number; openTimeoutMs?: number } = {}): Promise<Opened> {
  const source = `import { parentPort as port } from 'node:worker_threads'
    const opened = () => port.postMessage({ kind: 'opened', lastRevision: 0 })
    ${script}`
  const failures: ClusterError[] = []
  let resolveFailed = (): void => {}
  const failed = new Promise<void>((resolve) => { resolveFailed = resolve })
  const store = await openSqliteStore({
    file: 'unused.db',
    workerUrl: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    onFailure: (error) => {
      failures.push(error)
      resolveFailed()
    },
    ...timeouts,
  })
  return { store, failures, failed }
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'done', (error: ClusterError) => error.code)
}
