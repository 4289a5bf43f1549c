import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Change, Collection, Store } from '../../lib/store/store.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

interface User {
  name: string
  tags?: string[]
}

const cleanups = new Cleanups()
const engines: Record<string, () => Promise<Store>> = {
  memory: async () => openMemoryStore(),
  sqlite: async () => openSqliteStore({ file: join(await temporaryDirectory(cleanups), 'store.db') }),
}

for (const [engine, open] of Object.entries(engines)) {
  describe(`The ${engine} store`, () => {
    let store: Store
    let users: Collection<User>
    let counters: Collection<number>

    async function newStore(): Promise<Store> {
      const opened = await open()
      cleanups.add(() => opened.close())
      return opened
    }

    beforeEach(async () => {
      store = await newStore()
      users = store.collection('users')
      counters = store.collection('counters')
    })
    afterEach(() => cleanups.run())

    describe('reading and writing', () => {
      it('gives back what was put, with the revision that the put returned', async () => {
        const revision = await users.put('ann', { name: 'Ann' })
        expect(users.get('ann')).to.deep.equal({ id: 'ann', revision, value: { name: 'Ann' } })
        expect(users.get('bob')).to.equal(undefined)
      })

      it('shows a value only when it is durable', async () => {
        const put = users.put('ann', { name: 'Ann' })
        expect(users.get('ann')).to.equal(undefined)
        expect(users.list()).to.deep.equal([])
        await put
        expect(users.get('ann')?.value.name).to.equal('Ann')
      })

      it('gives every write of the store a higher revision than the one before', async () => {
        const first = await users.put('ann', { name: 'Ann' })
        const second = await counters.put('visits', 1)
        const third = await users.put('ann', { name: 'Anna' })
        expect(first).to.be.greaterThan(0)
        expect(second).to.be.greaterThan(first)
        expect(third).to.be.greaterThan(second)
      })

      it('never gives a document that was deleted and made anew an old revision', async () => {
        const old = await users.put('ann', { name: 'Ann' })
        await users.delete('ann')
        expect(await users.put('ann', { name: 'Ann' })).to.be.greaterThan(old)
        expect(await codeOf(users.put('ann', { name: 'Eve' }, { expectedRevision: old }))).to.equal('conflict')
      })

      it('keeps collections apart', async () => {
        await users.put('x', { name: 'X' })
        expect(counters.get('x')).to.equal(undefined)
        expect(store.collection<User>('users').get('x')?.value).to.deep.equal({ name: 'X' })
      })

      it('lists by id in the order of code units, after any kind of change', async () => {
        for (const id of ['b', 'ä', 'a', 'B', 'a1', '😀', '\uffee']) await counters.put(id, 1)
        expect(idsOf(counters)).to.deep.equal(['B', 'a', 'a1', 'b', 'ä', '😀', '\uffee'])
        await counters.delete('a1')
        await counters.put('A', 2)
        await counters.put('b', 3)
        expect(idsOf(counters)).to.deep.equal(['A', 'B', 'a', 'b', 'ä', '😀', '\uffee'])
        expect(counters.list().find(({ id }) => id === 'b')?.value).to.equal(3)
      })

      it('tells whether there was something to delete', async () => {
        await users.put('ann', { name: 'Ann' })
        expect(await users.delete('ann')).to.equal(true)
        expect(users.get('ann')).to.equal(undefined)
        expect(await users.delete('ann')).to.equal(false)
      })

      it('keeps every kind of JSON value as it is', async () => {
        const anything = store.collection<unknown>('anything')
        const values = [
          null, false, 0, -1.5e300, '', 'NUL \0, lone \ud800, \u2028', [], {}, [[{ a: null }]], JSON.parse('{"__proto__":{"a":1}}'),
        ]
        await Promise.all(values.map((value, index) => anything.put(`${index}`, value)))
        values.forEach((value, index) => expect(anything.get(`${index}`)?.value).to.deep.equal(value))
        expect(Object.keys(anything.get('9')?.value as object)).to.deep.equal(['__proto__'])
      })
    })

    describe('ownership of values', () => {
      it('is not affected when the caller changes what it has put', async () => {
        const value = { name: 'Ann', tags: ['admin'] }
        const put = users.put('ann', value)
        value.tags.push('root')
        await put
        value.name = 'Eve'
        expect(users.get('ann')?.value).to.deep.equal({ name: 'Ann', tags: ['admin'] })
      })

      it('does not let a reader change documents, lists or values', async () => {
        await users.put('ann', { name: 'Ann', tags: ['admin'] })
        const document = users.get('ann')!
        expect(() => document.value.tags!.push('root')).to.throw(TypeError)
        expect(() => { document.value.name = 'Eve' }).to.throw(TypeError)
        expect(() => { (document as { revision: number }).revision = 7 }).to.throw(TypeError)
        users.list().pop()
        expect(idsOf(users)).to.deep.equal(['ann'])
      })
    })

    describe('expected revisions', () => {
      it('writes only over the revision that is expected', async () => {
        const revision = await users.put('ann', { name: 'Ann' }, { expectedRevision: 0 })
        expect(await codeOf(users.put('ann', { name: 'Eve' }, { expectedRevision: 0 }))).to.equal('conflict')
        expect(await codeOf(users.put('ann', { name: 'Eve' }, { expectedRevision: revision + 1 }))).to.equal('conflict')
        expect(await codeOf(users.put('bob', { name: 'Bob' }, { expectedRevision: revision }))).to.equal('conflict')
        expect(await codeOf(users.delete('ann', { expectedRevision: revision + 1 }))).to.equal('conflict')
        expect(users.get('ann')?.value.name).to.equal('Ann')
        expect(await users.delete('ann', { expectedRevision: revision })).to.equal(true)
      })

      it('says in a conflict which document and which revision it found', async () => {
        const revision = await users.put('ann', { name: 'Ann' })
        const error = await users.put('ann', { name: 'Eve' }, { expectedRevision: 0 }).catch((thrown: ClusterError) => thrown)
        expect((error as ClusterError).details).to.deep.equal({ collection: 'users', id: 'ann', revision, expectedRevision: 0 })
      })

      it('lets exactly one of several writes win that expect the same revision at the same time', async () => {
        const revision = await users.put('ann', { name: 'Ann' })
        for (const expectedRevision of [revision, 0]) {
          const id = expectedRevision === 0 ? 'new' : 'ann'
          const codes = await Promise.all(range(20).map((n) => codeOf(users.put(id, { name: `${n}` }, { expectedRevision }))))
          expect(codes.filter((code) => code === 'done')).to.have.length(1)
          expect(codes.filter((code) => code === 'conflict')).to.have.length(19)
          expect(users.get(id)?.value.name).to.equal(`${codes.indexOf('done')}`)
        }
      })

      it('lets read-modify-write loops that retry at once all come through', async () => {
        await Promise.all(range(25).map(async () => {
          for (;;) {
            const found = counters.get('visits')
            const put = counters.put('visits', (found?.value ?? 0) + 1, { expectedRevision: found?.revision ?? 0 })
            if (await codeOf(put) === 'done') return
          }
        }))
        expect(counters.get('visits')?.value).to.equal(25)
      })

      it('applies writes to one document in the order in which they were asked for', async () => {
        const results = await Promise.all([
          users.put('ann', { name: '1' }),
          users.delete('ann'),
          users.delete('ann'),
          users.put('ann', { name: '2' }, { expectedRevision: 0 }),
        ])
        expect(results.slice(1, 3)).to.deep.equal([true, false])
        expect(users.get('ann')?.value.name).to.equal('2')
      })
    })

    describe('batches', () => {
      it('writes over several collections and returns a revision for each, 0 for nothing to delete', async () => {
        await users.put('old', { name: 'Old' })
        const revisions = await store.batch([
          putIn(users, 'ann', { name: 'Ann' }),
          deleteFrom(users, 'old'),
          deleteFrom(users, 'nobody'),
          putIn(counters, 'users', 1, { expectedRevision: 0 }),
        ])
        expect(revisions[0]).to.equal(users.get('ann')?.revision)
        expect(revisions[1]).to.be.greaterThan(revisions[0]!)
        expect(revisions[2]).to.equal(0)
        expect(revisions[3]).to.equal(counters.get('users')?.revision)
        expect(idsOf(users)).to.deep.equal(['ann'])
      })

      it('writes nothing at all if one member conflicts', async () => {
        const before = await users.put('ann', { name: 'Ann' })
        const batch = store.batch([putIn(counters, 'a', 1), putIn(users, 'ann', { name: 'Eve' }, { expectedRevision: before + 1 })])
        expect(await codeOf(batch)).to.equal('conflict')
        expect(counters.get('a')).to.equal(undefined)
        expect(users.get('ann')?.revision).to.equal(before)
        await counters.put('a', 2, { expectedRevision: 0 })
      })

      it('may not name a document twice', async () => {
        expect(await codeOf(store.batch([putIn(users, 'ann', { name: 'Ann' }), deleteFrom(users, 'ann')]))).to.equal('invalid_request')
        expect(users.list()).to.deep.equal([])
      })

      it('does nothing for an empty batch', async () => {
        expect(await store.batch([])).to.deep.equal([])
      })
    })

    describe('watching', () => {
      it('tells each durable change in order, to readers who see it already', async () => {
        const changes: Change<User>[] = []
        users.watch((change) => {
          expect(users.get(change.id)?.value).to.equal(change.value)
          changes.push(change)
        })
        const put = users.put('ann', { name: 'Ann' })
        expect(changes).to.deep.equal([])
        const revision = await put
        await users.put('bob', { name: 'Bob' })
        await users.delete('ann')
        await users.delete('ann')
        expect(changes.map(({ id, value }) => [id, value?.name])).to.deep.equal([['ann', 'Ann'], ['bob', 'Bob'], ['ann', undefined]])
        expect(changes[0]!.revision).to.equal(revision)
        expect(changes[2]!.revision).to.be.greaterThan(changes[1]!.revision)
      })

      it('says nothing after the watch has ended, nor about other collections or failed writes', async () => {
        const ids: string[] = []
        const stop = users.watch(({ id }) => ids.push(id))
        await counters.put('visits', 1)
        await users.put('ann', { name: 'Ann' })
        await codeOf(users.put('ann', { name: 'Eve' }, { expectedRevision: 0 }))
        stop()
        await users.put('bob', { name: 'Bob' })
        expect(ids).to.deep.equal(['ann'])
      })

      it('confirms the write and tells the others when a listener throws', async () => {
        const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
        const ids: string[] = []
        users.watch(() => { throw new Error('broken listener') })
        users.watch(({ id }) => ids.push(id))
        await users.put('ann', { name: 'Ann' })
        expect(ids).to.deep.equal(['ann'])
        expect((await warned).message).to.contain('broken listener')
      })

      it('lets a listener write', async () => {
        const second = new Promise<number>((resolve) => {
          users.watch(({ id, revision }) => (id === 'second' ? resolve(revision) : void users.put('second', { name: '2' })))
        })
        expect(await users.put('first', { name: '1' })).to.be.lessThan(await second)
      })
    })

    describe('what it refuses', () => {
      it('refuses ids that an engine could not keep', async () => {
        for (const id of ['', 'a\0b', '\ud800', 'x'.repeat(257), 7 as unknown as string]) {
          expect(await codeOf(counters.put(id, 1)), JSON.stringify(id)).to.equal('invalid_request')
          expect(await codeOf(counters.delete(id))).to.equal('invalid_request')
          expect(counters.get(id)).to.equal(undefined)
        }
        await counters.put('x'.repeat(256), 1)
        await counters.put('a/b c:😀', 1)
      })

      it('refuses names of collections that are not plain', () => {
        for (const name of ['', '1a', 'a b', 'a\0', 'é', 'x'.repeat(65)]) {
          expect(() => store.collection(name), JSON.stringify(name)).to.throw().with.property('code', 'invalid_request')
        }
      })

      it('refuses values that are not JSON, too deep or too large, and a batch with one of them', async () => {
        const anything = store.collection<unknown>('anything')
        const cycle: unknown[] = []
        cycle.push(cycle)
        for (const value of [undefined, () => 1, Symbol('s'), 1n, cycle, nested(101), nested(20_000)]) {
          expect(await codeOf(anything.put('x', value))).to.equal('invalid_request')
        }
        expect(await codeOf(anything.put('x', 'x'.repeat(9_000_000)))).to.equal('too_large')
        expect(await codeOf(store.batch([putIn(anything, 'y', 1), putIn(anything, 'x', undefined)]))).to.equal('invalid_request')
        expect(anything.list()).to.deep.equal([])
        await anything.put('x', nested(100))
      })
    })

    describe('export and import', () => {
      it('takes an export into an empty store, with ids, revisions and values', async () => {
        await store.batch([putIn(users, 'b', { name: 'B' }), putIn(users, 'a', { name: 'A\n\u2028' }), putIn(counters, 'c', 3)])
        await users.put('b', { name: 'B2' })
        const lines = [...store.export()]
        expect(JSON.parse(lines[0]!)).to.deep.equal({ collection: 'counters', id: 'c', revision: counters.get('c')!.revision, value: 3 })
        expect(lines.map((line) => JSON.parse(line).id)).to.deep.equal(['c', 'a', 'b'])

        const other = await newStore()
        expect(await other.import(lines)).to.equal(3)
        expect([...other.export()]).to.deep.equal(lines)
        const last = users.get('b')!.revision
        expect(await other.collection<User>('users').put('b', { name: 'B3' }, { expectedRevision: last })).to.be.greaterThan(last)
      })

      it('exports what was there when it was asked, whatever is written meanwhile', async () => {
        await users.put('a', { name: 'A' })
        const lines = store.export()
        await users.put('a', { name: 'A2' })
        await users.put('b', { name: 'B' })
        expect([...lines].map((line) => JSON.parse(line).value)).to.deep.equal([{ name: 'A' }])
      })

      it('reads an asynchronous source, skips blank lines, and may be given nothing', async () => {
        expect(await store.import([])).to.equal(0)
        const count = await store.import((async function* () {
          yield '{"collection":"counters","id":"a","revision":5,"value":null}\r'
          yield ''
        })())
        expect(count).to.equal(1)
        expect(counters.get('a')).to.deep.equal({ id: 'a', revision: 5, value: null })
      })

      it('imports nothing and names the line if one is malformed', async () => {
        const good = '{"collection":"counters","id":"a","revision":1,"value":1}'
        const bad = [
          'x', '[]', '1', 'null', '{}', good,
          good.slice(0, -1),
          good.replace('1}', '1,"more":1}'),
          good.replace('"a"', '""'),
          good.replace('"counters"', '"!"'),
          good.replace('"revision":1', '"revision":0'),
          good.replace('"revision":1', '"revision":1.5'),
          good.replace(',"value":1', ''),
          good.replace(':1}', `:${'['.repeat(101)}${']'.repeat(101)}}`),
        ]
        for (const line of bad) {
          const error = await store.import([good, '', line]).catch((thrown: ClusterError) => thrown)
          expect(error, line).to.include({ code: 'malformed' })
          expect((error as ClusterError).details, line).to.deep.equal({ line: 3 })
          expect([...store.export()]).to.deep.equal([])
        }
        expect(await store.import([good])).to.equal(1)
      })

      it('refuses an import into a store that has documents or is getting some', async () => {
        const line = '{"collection":"counters","id":"a","revision":1,"value":1}'
        const put = users.put('ann', { name: 'Ann' })
        expect(await codeOf(store.import([line]))).to.equal('conflict')
        await put
        expect(await codeOf(store.import([line]))).to.equal('conflict')
        expect(counters.get('a')).to.equal(undefined)
      })
    })

    describe('closing', () => {
      it('finishes the writes under way and takes no more', async () => {
        const puts = range(100).map((n) => codeOf(counters.put(`${n}`, n)))
        const closed = store.close()
        expect(await codeOf(counters.put('late', 1))).to.equal('shutting_down')
        await closed
        expect(new Set(await Promise.all(puts))).to.deep.equal(new Set(['done']))
        expect(counters.list()).to.have.length(100)
        await store.close()
      })
    })
  })
}

describe('The sqlite store on disk', () => {
  afterEach(() => cleanups.run())

  it('has everything again after it was closed and opened, and goes on counting revisions', async () => {
    const file = join(await temporaryDirectory(cleanups), 'store.db')
    const first = await openSqliteStore({ file })
    const users = first.collection<User>('users')
    await Promise.all(range(1_500).map((n) => users.put(`user-${n}`, { name: `${n}` })))
    const last = await users.put('gone', { name: 'Gone' })
    await users.delete('gone')
    const lines = [...first.export()]
    await first.close()

    const second = await openSqliteStore({ file })
    cleanups.add(() => second.close())
    expect([...second.export()]).to.deep.equal(lines)
    expect(await second.collection<User>('users').put('gone', { name: 'New' })).to.be.greaterThan(last + 1)
  })

  it('has everything that a process had confirmed before it was killed', async () => {
    const file = join(await temporaryDirectory(cleanups), 'store.db')
    const { stdout, signal, stderr } = runChild('write-and-die', file)
    expect(signal, stderr).to.equal('SIGKILL')
    const store = await openSqliteStore({ file })
    cleanups.add(() => store.close())
    expect([...store.export()].join('\n')).to.equal(stdout.trim())
    expect([...store.export()]).to.have.length(3)
  })

  it('refuses a second process, and a second time in the same one, until it is closed', async () => {
    const file = join(await temporaryDirectory(cleanups), 'store.db')
    const store = await openSqliteStore({ file })
    const error = await openSqliteStore({ file }).catch((thrown: ClusterError) => thrown)
    expect(error).to.include({ code: 'database_in_use' })
    expect((error as ClusterError).message).to.contain(file)
    expect(runChild('open', file).stdout.trim()).to.equal('database_in_use')
    await store.collection('users').put('ann', { name: 'Ann' })
    expect(runChild('open', file).stdout.trim()).to.equal('database_in_use')
    await store.close()
    expect(runChild('open', file).stdout.trim()).to.equal('opened')
  })
})

function runChild(task: string, file: string): { stdout: string; stderr: string; signal: string | null } {
  const script = join(import.meta.dirname, '../fault/fixtures/store-child.ts')
  return spawnSync(process.execPath, ['--import', 'tsx', script, task, file], { encoding: 'utf8', timeout: 15_000 })
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'done', (error: ClusterError) => error.code)
}

function idsOf(collection: Collection<unknown>): string[] {
  return collection.list().map(({ id }) => id)
}

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
