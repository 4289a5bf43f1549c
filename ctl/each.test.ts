import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import { forEach } from './each.ts'
import { Progress } from './output/progress.ts'
import { resolveAll } from './resolve.ts'

const list = [{ id: 1, name: 'one' }, { id: 2, name: 'two' }, { id: 3, name: 'three' }]

describe('A command about several things', () => {
  it('does the others although one fails, and reports in the order in which they were named', async () => {
    const reported: string[] = []
    const context = {
      progress: new Progress(new PassThrough()),
      fail: (error: unknown, subject?: string) => { reported.push(`${subject ?? ''}: ${(error as ClusterError).code}`) },
    }
    // The last that is named is the first that is done.
    let finish = (): void => {}
    const later = new Promise<void>((resolve) => { finish = resolve })
    const results = await forEach(context, resolveAll('instance', list, ['one', 'none', 'two', 'three']), 'starting', async ({ id, name }) => {
      if (id === 3) finish()
      else await later
      if (id === 2) throw new ClusterError('wrong_state', 'Not now')
      return name
    }, (name) => { reported.push(name) })
    expect(results).to.deep.equal(['one', 'three'])
    expect(reported).to.deep.equal(['one', ': not_found', 'two: wrong_state', 'three'])
  })

  it('has only so many requests open at once', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ id: index + 1, name: `i${index}` }))
    let [open, most] = [0, 0]
    const context = { progress: new Progress(new PassThrough()), fail: () => {} }
    await forEach(context, resolveAll('instance', many, many.map(({ name }) => name)), 'starting', async () => {
      open += 1
      most = Math.max(most, open)
      await Promise.resolve()
      open -= 1
    }, () => {})
    expect(most).to.equal(32)
  })
})
