import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { pluginClock } from './clock.ts'
import { PluginGuard } from './guard.ts'
import type { PluginFailure } from './guard.ts'
import { UndoList } from './undo.ts'

describe('What surrounds a plugin', () => {
  let failures: PluginFailure[]
  let told: () => void
  let guard: PluginGuard

  beforeEach(() => {
    failures = []
    told = () => {}
    guard = new PluginGuard({
      plugin: 'test',
      onFailure: (failure) => {
        failures.push(failure)
        told()
      },
    })
  })

  const wrong = new Error('wrong')
  const thrownBy = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'nothing', (error: unknown) => error)
  const nextFailure = (): Promise<void> => new Promise((resolve) => { told = resolve })

  it('contains what is thrown where nobody waits, at once or by a promise', async () => {
    guard.call('a hook', () => { throw wrong })
    const late = nextFailure()
    guard.call('another', async () => { throw wrong })
    await late
    expect(failures).to.deep.equal([
      { plugin: 'test', where: 'a hook', error: wrong, isFatal: false },
      { plugin: 'test', where: 'another', error: wrong, isFatal: false },
    ])
  })

  it('gives a caller what is thrown, and reports only what was not meant for him', async () => {
    const meant = new ClusterError('not_found', 'No such thing')
    expect(await thrownBy(guard.answer('a request', () => { throw meant }))).to.equal(meant)
    expect(failures).to.deep.equal([])
    expect(await thrownBy(guard.answer('a request', () => { throw wrong }))).to.equal(wrong)
    expect(failures).to.deep.equal([{ plugin: 'test', where: 'a request', error: wrong, isFatal: false }])
  })

  it('knows what the plugin has set off, and nothing else', async () => {
    const seen = await guard.run(() => new Promise((resolve) => { setTimeout(() => resolve(PluginGuard.current)) }))
    expect(seen).to.equal(guard)
    expect(PluginGuard.current).to.equal(undefined)
  })

  it('ends an emitter whose listener throws, and keeps the others hearing', () => {
    const emitter = new EventEmitter()
    let ends = 0
    guard.contain(emitter, 'a socket', () => { ends += 1 })
    const heard: unknown[] = []
    emitter.on('data', (data) => heard.push(data, PluginGuard.current))
    emitter.emit('data', 1)
    emitter.on('data', () => { throw wrong })
    emitter.emit('data', 2)
    emitter.emit('error', wrong)
    expect(heard).to.deep.equal([1, guard, 2, guard])
    expect(failures.map(({ where }) => where)).to.deep.equal(['a socket', 'a socket'])
    expect(ends).to.equal(2)
  })

  it('undoes all, last first, past steps that throw, and at once what comes too late', async () => {
    const undo = new UndoList()
    const done: string[] = []
    const errors: unknown[] = []
    undo.add(() => done.push('first'))
    const early = undo.add(() => done.push('early'))
    undo.add(() => { throw wrong })
    undo.add(async () => done.push('last'))
    early()
    await undo.run((error) => errors.push(error))
    undo.add(() => done.push('late'))
    expect(done).to.deep.equal(['early', 'last', 'first', 'late'])
    expect(errors).to.deep.equal([wrong])
  })

  it('has a clock whose timers end with the plugin, and whose failures are fatal', async () => {
    const undo = new UndoList()
    const clock = pluginClock(guard, undo)
    let ticks = 0
    await new Promise<void>((resolve) => {
      clock.every(1, () => {
        ticks += 1
        if (ticks === 3) resolve()
      })
      clock.after(0, () => { throw wrong })
      clock.after(60_000, () => {})
      clock.after(0, () => { ticks += 1_000 })()
    })
    expect(failures).to.deep.equal([{ plugin: 'test', where: 'timer', error: wrong, isFatal: true }])
    await undo.run(() => {})
    expect(ticks).to.equal(3)
    await new Promise((resolve) => { setTimeout(resolve, 5) })
    expect(ticks).to.equal(3)
    expect(Math.abs(clock.now() - Date.now())).to.be.below(1_000)
  })
})
