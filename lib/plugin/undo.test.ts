import { expect } from 'chai'
import { UndoList } from './undo.ts'

describe('UndoList', () => {
  it('undoes all, last first, whatever single steps do', async () => {
    const undo = new UndoList()
    const done: number[] = []
    undo.add(() => done.push(1))
    undo.add(() => { throw new Error('no') })
    undo.add(async () => { throw new Error('never') })
    undo.add(() => done.push(4))()
    undo.add(() => done.push(5))
    const errors: string[] = []
    await undo.run((error) => errors.push((error as Error).message))
    expect([done, errors]).to.deep.equal([[4, 5, 1], ['never', 'no']])
    undo.add(() => done.push(6))
    expect(done).to.deep.equal([4, 5, 1, 6])
  })

  it('reports what late steps throw to whoever has it undone, and to nobody else', async () => {
    const undo = new UndoList()
    const errors: string[] = []
    expect(undo.isDone).to.equal(false)
    await undo.run((error) => errors.push((error as Error).message))
    expect(undo.isDone).to.equal(true)
    undo.add(() => { throw new Error('at once') })
    undo.add(async () => { throw new Error('later') })
    await new Promise((resolve) => { setImmediate(resolve) })
    expect(errors).to.deep.equal(['at once', 'later'])
  })

  it('waits no longer for steps that hang than for all together, and still begins the rest', async () => {
    const undo = new UndoList(300)
    const done: number[] = []
    undo.add(() => done.push(1))
    for (let i = 0; i < 5; i += 1) undo.add(() => new Promise(() => {}))
    const errors: string[] = []
    const started = performance.now()
    await undo.run((error) => errors.push((error as Error).message))
    expect(performance.now() - started).to.be.within(290, 1_400)
    expect(errors).to.have.length(5)
    expect(errors[0]).to.equal('stopping took longer than 0.3 s')
    expect(done).to.deep.equal([1])
  })
})
