import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { LiveFollower } from './live-follower.ts'

const line = (text: string) => ({ run: 1, offset: 0, text })

function followerOf({ queueBytes = 1_000, write = async () => {} }: { queueBytes?: number; write?: (bytes: Buffer) => Promise<void> } = {}) {
  const log: string[] = []
  const follower = new LiveFollower({
    queueBytes,
    subscribe: async () => { log.push('subscribe') },
    write: async (bytes) => {
      await write(bytes)
      log.push(bytes.toString())
    },
    leftOut: (pieces) => { log.push(`${pieces} left out`) },
  })
  return { follower, log }
}

describe('Following a console that nothing is kept of', () => {
  it('subscribes, prints what comes in order, and ends when it shall', async () => {
    const { follower, log } = followerOf()
    const done = follower.run()
    follower.take(line('one\n'))
    follower.take(line('two\n'))
    follower.finish()
    await done
    expect(log).to.deep.equal(['subscribe', 'one\n', 'two\n'])
  })

  it('subscribes again on a new connection', async () => {
    const { follower, log } = followerOf()
    const done = follower.run()
    await new Promise(setImmediate)
    follower.reconnected()
    await new Promise(setImmediate)
    follower.finish()
    await done
    expect(log).to.deep.equal(['subscribe', 'subscribe'])
  })

  it('tells how much it had to leave out because its reader is slow', async () => {
    let release: () => void = () => {}
    const slow = new Promise<void>((resolve) => { release = resolve })
    const { follower, log } = followerOf({ queueBytes: 8, write: () => slow })
    const done = follower.run()
    await new Promise(setImmediate)
    for (const text of ['1234567\n', 'lost\n', 'lost\n']) follower.take(line(text))
    release()
    follower.finish()
    await done
    expect(log).to.deep.equal(['subscribe', '1234567\n', '2 left out'])
  })

  it('ends with the error that it is given', async () => {
    const { follower } = followerOf()
    const done = failureOf(follower.run())
    follower.fail(new ClusterError('unauthenticated', 'No'))
    expect(await done).to.include({ code: 'unauthenticated' })
  })
})
