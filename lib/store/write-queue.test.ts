import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { DocumentStore } from './document-store.ts'
import type { Engine, StoredRow } from './engine.ts'
import { deleteFrom, putIn } from './store.ts'

/** An engine whose commits end when the test says so. */
class HeldEngine implements Engine {
  readonly commits: { ids: string[]; lastRevision: number }[] = []
  isClosed = false
  #next: { resolve: () => void; reject: (error: ClusterError) => void } | undefined
  #called: (() => void) | undefined

  write(rows: readonly StoredRow[], lastRevision: number): Promise<void> {
    expect(this.#next, 'one commit at a time').to.equal(undefined)
    this.commits.push({ ids: rows.map(({ id }) => id), lastRevision })
    return new Promise((resolve, reject) => {
      this.#next = { resolve, reject }
      this.#called?.()
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  /** Lets the commit under way, or the next one, succeed or fail. */
  async settle(error?: ClusterError): Promise<void> {
    if (!this.#next) await new Promise<void>((resolve) => { this.#called = resolve })
    const next = this.#next!
    this.#next = undefined
    this.#called = undefined
    if (error) next.reject(error)
    else next.resolve()
  }
}

const diskFull = new ClusterError('disk_full', 'The disk is full')

describe('Group commit', () => {
  let engine: HeldEngine
  let store: DocumentStore

  beforeEach(() => {
    engine = new HeldEngine()
    store = new DocumentStore(engine)
  })

  it('gathers what arrives while a commit is under way into the next one', async () => {
    const things = store.collection<number>('things')
    const first = Promise.all([things.put('a', 1), things.put('b', 1)])
    const second = first.then(() => Promise.all([things.put('c', 1), things.put('d', 1)]))
    await nextTurn()
    const meanwhile = Promise.all([things.put('e', 1), things.put('f', 1)])
    await engine.settle()
    await engine.settle()
    await Promise.all([second, meanwhile])
    expect(engine.commits.map(({ ids }) => ids)).to.deep.equal([['a', 'b'], ['e', 'f', 'c', 'd']])
    expect(engine.commits.map(({ lastRevision }) => lastRevision)).to.deep.equal([2, 6])
  })

  it('bounds a commit without splitting a batch', async () => {
    const things = store.collection<number>('things')
    const batches = [600, 600, 2_000, 1].map((size, index) => {
      return store.batch(Array.from({ length: size }, (_, n) => putIn(things, `${index}-${n}`, n)))
    })
    for (const _ of batches) await engine.settle()
    await Promise.all(batches)
    expect(engine.commits.map(({ ids }) => ids.length)).to.deep.equal([600, 600, 2_000, 1])
  })

  it('does not trouble the engine when there is nothing to do', async () => {
    expect(await store.collection('things').delete('nothing')).to.equal(false)
    expect(engine.commits).to.deep.equal([])
  })

  it('refuses more than a bounded amount of waiting writes', async () => {
    const texts = store.collection<string>('texts')
    const large = 'x'.repeat(8_000_000)
    const puts = Array.from({ length: 8 }, (_, n) => texts.put(`${n}`, large))
    expect(await codeOf(texts.put('one more', large))).to.equal('overloaded')
    for (const _ of puts) await engine.settle()
    await Promise.all(puts)
    const later = texts.put('one more', large)
    await engine.settle()
    await later
  })
})

describe('A failed commit', () => {
  let engine: HeldEngine
  let store: DocumentStore

  beforeEach(() => {
    engine = new HeldEngine()
    store = new DocumentStore(engine)
  })

  it('rejects all its members, shows none of them, and lets the next ones through', async () => {
    const things = store.collection<number>('things')
    const changes: string[] = []
    things.watch(({ id }) => changes.push(id))
    const codes = Promise.all([codeOf(things.put('a', 1)), codeOf(things.put('b', 1))])
    await nextTurn()
    const unrelated = things.put('c', 1)
    await engine.settle(diskFull)
    await engine.settle()
    expect(await codes).to.deep.equal(['disk_full', 'disk_full'])
    await unrelated
    expect(things.list().map(({ id }) => id)).to.deep.equal(['c'])
    expect(changes).to.deep.equal(['c'])
  })

  it('rejects what was built on it, and what was built on that, and nothing else', async () => {
    const things = store.collection<number>('things')
    const kept = await settled(engine, things.put('kept', 1))
    const failing = codeOf(store.batch([putIn(things, 'a', 1), deleteFrom(things, 'kept')]))
    await nextTurn()
    const revisionOfA = kept + 1
    const onA = codeOf(store.batch([putIn(things, 'a', 2, { expectedRevision: revisionOfA }), putIn(things, 'b', 2)]))
    const onB = codeOf(things.put('b', 3, { expectedRevision: revisionOfA + 3 }))
    const onDeleted = codeOf(things.put('kept', 3, { expectedRevision: 0 }))
    const deletesNothing = things.delete('a')
    const overwrites = things.put('c', 3)
    await engine.settle(diskFull)
    await engine.settle()
    expect(await Promise.all([failing, onA, onB, onDeleted])).to.deep.equal(['disk_full', 'disk_full', 'disk_full', 'disk_full'])
    expect(await deletesNothing).to.equal(false)
    const revision = await overwrites
    expect(things.get('c')?.revision).to.equal(revision)
    expect(things.get('kept')).to.deep.equal({ id: 'kept', revision: kept, value: 1 })
    expect(things.list().map(({ id }) => id)).to.deep.equal(['c', 'kept'])
  })

  it('does not use its revisions again', async () => {
    const things = store.collection<number>('things')
    const first = codeOf(things.put('a', 1))
    await engine.settle(diskFull)
    await first
    expect(await settled(engine, things.put('a', 2, { expectedRevision: 0 }))).to.equal(2)
  })

  it('makes an import fail as a whole and leaves the store empty', async () => {
    const lines = ['{"collection":"things","id":"a","revision":3,"value":1}', '{"collection":"things","id":"b","revision":9,"value":1}']
    const failed = codeOf(store.import(lines))
    await engine.settle(diskFull)
    expect(await failed).to.equal('disk_full')
    expect([...store.export()]).to.deep.equal([])
    expect(await settled(engine, store.import(lines))).to.equal(2)
    expect(await settled(engine, store.collection('things').put('c', 1))).to.equal(10)
  })
})

describe('A conflict with a write that is not durable yet', () => {
  it('is reported only when that write has been decided', async () => {
    const engine = new HeldEngine()
    const things = new DocumentStore(engine).collection<number>('things')
    const winner = things.put('a', 1)
    let loserCode: string | undefined
    const loser = codeOf(things.put('a', 2, { expectedRevision: 0 })).then((code) => { loserCode = code })
    await nextTurn()
    expect(loserCode).to.equal(undefined)
    await engine.settle()
    await loser
    expect(loserCode).to.equal('conflict')
    expect(things.get('a')?.revision).to.equal(await winner)
  })
})

describe('A store that has failed for good', () => {
  it('rejects all pending and later writes with the reason, still reads, and can be closed', async () => {
    const engine = new HeldEngine()
    const store = new DocumentStore(engine)
    const things = store.collection<number>('things')
    await settled(engine, things.put('a', 1))
    const pending = Promise.all([codeOf(things.put('b', 1)), nextTurn().then(() => codeOf(things.put('c', 1)))])
    await nextTurn()
    const reason = new ClusterError('store_failed', 'The thread ended')
    store.fail(reason)
    expect(await pending).to.deep.equal(['store_failed', 'store_failed'])
    expect(await codeOf(things.put('d', 1))).to.equal('store_failed')
    expect(things.list().map(({ id }) => id)).to.deep.equal(['a'])
    await engine.settle(reason)
    await store.close()
    expect(engine.isClosed).to.equal(true)
    expect(await codeOf(things.put('d', 1))).to.equal('store_failed')
  })
})

async function settled<T>(engine: HeldEngine, promise: Promise<T>): Promise<T> {
  await engine.settle()
  return promise
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'done', (error: ClusterError) => error.code)
}
