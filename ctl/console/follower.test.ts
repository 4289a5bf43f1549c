import { expect } from 'chai'
import fc from 'fast-check'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { ConsoleFollower } from './follower.ts'
import type { FollowerOptions } from './follower.ts'
import { FakeConsole } from './test-console.ts'
import type { Step } from './test-console.ts'

function followerOf(fake: FakeConsole, options: Partial<FollowerOptions> = {}): ConsoleFollower {
  const follower = new ConsoleFollower({ source: fake, sink: fake, start: {}, isLive: true, retryMs: 1, ...options })
  fake.attach(follower)
  return follower
}

const piece = fc.uint8Array({ minLength: 1, maxLength: 40 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('print'), bytes: piece, fate: fc.constantFrom('sent', 'lost', 'twice', 'split') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end'), fate: fc.constantFrom('sent', 'lost') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'reconnect', 'fail', 'replay') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause'), turns: fc.integer({ min: 1, max: 12 }) }) },
)

describe('Following a console', () => {
  it('prints each byte once and in order, whatever is lost, repeated, split or interrupted', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 64 }), fc.constantFrom(200, 1_000_000), async (steps, readBytes, queueBytes) => {
      const fake = new FakeConsole(readBytes)
      fake.print(Buffer.from('first'), 'lost')
      const follower = followerOf(fake, { queueBytes, start: { run: 1, from: 0 } })
      const done = follower.run()
      for (const each of steps) await fake.play(each)
      fake.isFailing = false
      follower.finish()
      await done
      expect(fake.printed.toString('hex')).to.equal(fake.whole.toString('hex'))
      expect(fake.ended).to.deep.equal(fake.endedRuns)
    }), { numRuns: 500 })
  })

  it('does not begin beyond the end of what was printed', async () => {
    const fake = new FakeConsole(1_000)
    fake.print(Buffer.from('short'), 'lost')
    for (const isLive of [true, false]) {
      const error = await failureOf(followerOf(fake, { isLive, start: { from: 6 } }).run())
      expect(error).to.include({ code: 'invalid_request' })
      expect(error.message).to.contain('Byte 6 is beyond the end of run 1, which has printed 5 bytes')
    }
  })

  it('fills a gap as soon as later output, the end of the run or a later run shows it', async () => {
    const fake = new FakeConsole(1_000)
    const follower = followerOf(fake)
    const done = follower.run()
    const settle = () => fake.play({ kind: 'pause', turns: 50 })
    await settle()
    fake.print(Buffer.from('lost 1 '), 'lost')
    fake.print(Buffer.from('shown 1 '), 'sent')
    await settle()
    expect(fake.printed.toString()).to.equal('lost 1 shown 1 ')
    fake.print(Buffer.from('lost 2 '), 'lost')
    fake.end('sent')
    await settle()
    expect(fake.printed.toString()).to.equal('lost 1 shown 1 lost 2 ')
    fake.print(Buffer.from('lost 3 '), 'lost')
    fake.end('lost')
    fake.print(Buffer.from('run 3'), 'sent')
    await settle()
    expect(fake.printed.toString()).to.equal('lost 1 shown 1 lost 2 lost 3 run 3')
    expect(fake.ended).to.deep.equal([1, 2])
    follower.finish()
    await done
  })

  it('subscribes and reads again on a new connection', async () => {
    const fake = new FakeConsole(1_000)
    const follower = followerOf(fake)
    const done = follower.run()
    await fake.play({ kind: 'pause', turns: 20 })
    fake.print(Buffer.from('while away '), 'lost')
    await fake.play({ kind: 'reconnect' })
    await fake.play({ kind: 'pause', turns: 20 })
    fake.print(Buffer.from('and after'), 'sent')
    await fake.play({ kind: 'pause', turns: 20 })
    expect(fake.printed.toString()).to.equal('while away and after')
    follower.finish()
    await done
  })

  it('reads a piece that is larger than its queue', async () => {
    const fake = new FakeConsole(1_000)
    const follower = followerOf(fake, { queueBytes: 500 })
    const done = follower.run()
    await fake.play({ kind: 'pause', turns: 20 })
    fake.print(Buffer.alloc(600, 'x'), 'sent')
    await fake.play({ kind: 'pause', turns: 20 })
    expect(fake.printed.toString()).to.equal('x'.repeat(600))
    follower.finish()
    await done
  })

  it('begins with the last lines and goes on from there', async () => {
    const fake = new FakeConsole(1_000)
    fake.print(Buffer.from('one\ntwo\nthree\n'), 'lost')
    const follower = followerOf(fake, { start: { tail: 2 } })
    const done = follower.run()
    await fake.play({ kind: 'pause', turns: 20 })
    fake.print(Buffer.from('four\n'), 'sent')
    await fake.play({ kind: 'pause', turns: 5 })
    follower.finish()
    await done
    expect(fake.printed.toString()).to.equal('two\nthree\nfour\n')
  })

  it('waits for an instance that has not run yet', async () => {
    const fake = new FakeConsole(1_000, 0)
    const follower = followerOf(fake, { start: { tail: 20 } })
    const done = follower.run()
    await fake.play({ kind: 'pause', turns: 10 })
    fake.startRun()
    fake.print(Buffer.from('hello\n'), 'sent')
    await fake.play({ kind: 'pause', turns: 10 })
    follower.finish()
    await done
    expect(fake.printed.toString()).to.equal('hello\n')
  })

  it('goes on at the head where output is no longer kept, and says so', async () => {
    const fake = new FakeConsole(4)
    fake.print(Buffer.from('0123456789'), 'lost')
    fake.head = 6
    const follower = followerOf(fake, { start: { run: 1, from: 0 }, isLive: false })
    await follower.run()
    expect(fake.printed.toString()).to.equal('6789')
    expect(fake.gaps).to.deep.equal([{ from: { run: 1, offset: 0 }, to: { run: 1, offset: 6 } }])
  })

  it('ends at the end of the run when it does not follow', async () => {
    const fake = new FakeConsole(3)
    fake.print(Buffer.from('run one'), 'lost')
    fake.end('lost')
    fake.print(Buffer.from('run two'), 'lost')
    await followerOf(fake, { start: { run: 1 }, isLive: false }).run()
    expect(fake.printed.toString()).to.equal('run one')
  })

  it('holds no more than its queue while the reader is slow, and reads the rest when there is room', async () => {
    const fake = new FakeConsole(1_000)
    const follower = followerOf(fake, { queueBytes: 500 })
    const done = follower.run()
    await fake.play({ kind: 'pause', turns: 10 })
    const release = fake.block()
    for (let line = 0; line < 200; line += 1) fake.print(Buffer.from(`line ${line}\n`), 'sent')
    await fake.play({ kind: 'pause', turns: 10 })
    release()
    await fake.play({ kind: 'pause', turns: 200 })
    expect(fake.printed.toString()).to.equal(fake.whole.toString())
    follower.finish()
    await done
  })

  it('ends with the error when the instance is deleted or the token revoked', async () => {
    const fake = new FakeConsole(10)
    const follower = followerOf(fake)
    const done = follower.run()
    await fake.play({ kind: 'pause', turns: 10 })
    follower.fail(new ClusterError('unauthenticated', 'The token was revoked'))
    expect((await failureOf(done)).code).to.equal('unauthenticated')
  })
})
