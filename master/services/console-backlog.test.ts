import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { ConsoleBacklog } from './console-backlog.ts'

function filled(...lines: string[]): ConsoleBacklog {
  const backlog = new ConsoleBacklog()
  let offset = 0
  for (const text of lines) {
    backlog.add({ instance_id: 1, output: { run: 3, offset, text } })
    offset += Buffer.byteLength(text)
  }
  return backlog
}

describe('ConsoleBacklog', () => {
  it('gives what came, from an offset or the last lines', () => {
    const backlog = filled('one\n', 'two\n', 'three\n')
    expect(backlog.read({ instance_id: 1 })).to.deep.equal({ chunk: { run: 3, offset: 0, text: 'one\ntwo\nthree\n' }, head: 0, end: 14, exit: null, next_run: null })
    expect(backlog.read({ instance_id: 1, from: 4, max_bytes: 5 }).chunk).to.deep.equal({ run: 3, offset: 4, text: 'two\nt' })
    expect(backlog.read({ instance_id: 1, from: 14 }).chunk).to.deep.equal({ run: 3, offset: 14, text: '' })
    for (const [tail, text] of [[0, ''], [1, 'three\n'], [2, 'two\nthree\n'], [9, 'one\ntwo\nthree\n']] as const) {
      expect(backlog.read({ instance_id: 1, tail }).chunk.text, `${tail}`).to.equal(text)
    }
  })

  it('tells of a later run, and begins with the newest', () => {
    const backlog = filled('old\n')
    backlog.add({ instance_id: 1, output: { run: 9, offset: 0, text: 'new\n' } })
    expect(backlog.read({ instance_id: 1, run: 3 })).to.include({ next_run: 9, end: 4 })
    expect(backlog.read({ instance_id: 1 }).chunk).to.include({ run: 9, text: 'new\n' })
    expect(backlog.list(1).runs.map(({ run, head, end }) => [run, head, end])).to.deep.equal([[3, 0, 4], [9, 0, 4]])
  })

  it('lets the oldest go beyond its bound, and says so to who asks for it', () => {
    const line = `${'x'.repeat(999)}\n`
    const backlog = filled(...Array.from({ length: 200 }, () => line))
    const { head, end } = backlog.read({ instance_id: 1 })
    expect(end).to.equal(200_000)
    expect(end - head).to.be.within(130_000, 131_072)
    expect(() => backlog.read({ instance_id: 1, from: 0 })).to.throw(ClusterError).that.deep.includes({ code: 'console_gone', details: { head } })
  })

  it('begins with a whole line where the oldest has gone, also one that is much longer than others', () => {
    const backlog = filled(...Array.from({ length: 30_000 }, (_, index) => `${index} ö\n`), `${'ö'.repeat(40_000)}\n`, 'end\n')
    const { chunk, head, end } = backlog.read({ instance_id: 1 })
    expect(chunk.text).to.match(/^\d+ ö\n\d+ ö\n/).and.match(/ö\nend\n$/)
    expect(end - head).to.be.within(131_000, 131_072)
    backlog.add({ instance_id: 1, output: { run: 3, offset: end, text: `${'x'.repeat(200_000)}\n` } })
    expect(backlog.read({ instance_id: 1 })).to.deep.include({ head: end + 200_001, end: end + 200_001 })
  })

  it('keeps of a run what came after a gap, and no more than a hundred runs', () => {
    const backlog = filled('one\n')
    backlog.add({ instance_id: 1, output: { run: 3, offset: 50, text: 'two\n' } })
    expect(backlog.read({ instance_id: 1 })).to.deep.include({ chunk: { run: 3, offset: 50, text: 'two\n' }, head: 50, end: 54 })
    for (let run = 4; run < 3_004; run += 1) backlog.add({ instance_id: 1, output: { run, offset: 0, text: `in run ${run}\n` } })
    const { runs } = backlog.list(1)
    expect([runs.length, runs[0]?.run, runs.at(-1)?.run]).to.deep.equal([100, 2_904, 3_003])
    expect(backlog.read({ instance_id: 1, run: 2_950, tail: 1 }).chunk.text).to.equal('in run 2950\n')
  })

  it('costs no more for tiny pieces than for large ones', () => {
    const backlog = new ConsoleBacklog()
    const before = performance.now()
    for (let offset = 0; offset < 231_072; offset += 1) backlog.add({ instance_id: 1, output: { run: 3, offset, text: '\n' } })
    for (let count = 0; count < 50; count += 1) backlog.read({ instance_id: 1, tail: 10 })
    // Where every piece moves all others, this takes more than a second.
    expect(performance.now() - before).to.be.below(500)
  })

  it('has nothing of instances that printed nothing, or are forgotten', () => {
    const backlog = filled('x\n')
    backlog.forget(1)
    expect(() => backlog.read({ instance_id: 1 })).to.throw(ClusterError).with.property('code', 'not_found')
    expect(backlog.list(1)).to.deep.equal({ runs: [] })
  })
})
