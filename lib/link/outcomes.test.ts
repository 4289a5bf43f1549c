import { expect } from 'chai'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { readConsole, sendRcon } from './messages/console.ts'
import { Payload } from './payload.ts'
import { Outcomes } from './outcomes.ts'

function counted() {
  let count = 0
  return async (): Promise<number> => (count += 1)
}

function say(command: string, { to = 1, key = 'k' } = {}) {
  return { scope: String(to), key, data: Payload.ofValue({ instance_id: to, command }) }
}

describe('Outcomes', () => {
  it('does a request with the same key once, also while the first is not done', async () => {
    const outcomes = new Outcomes()
    const work = counted()
    const both = await Promise.all([outcomes.once(sendRcon, say('a'), work), outcomes.once(sendRcon, say('a'), work)])
    expect(both).to.deep.equal([1, 1])
    expect(await outcomes.once(sendRcon, say('a'), work)).to.equal(1)
    expect(await outcomes.once(sendRcon, say('a', { to: 2 }), work)).to.equal(2)
    expect(await outcomes.once(sendRcon, say('a', { key: 'other' }), work)).to.equal(3)
  })

  it('does a request without a key each time', async () => {
    const outcomes = new Outcomes()
    const work = counted()
    for (const time of [1, 2]) expect(await outcomes.once(sendRcon, { ...say('a'), key: undefined }, work)).to.equal(time)
  })

  it('does a request that changes nothing each time, and keeps nothing of it', async () => {
    const outcomes = new Outcomes()
    const read = { scope: '1', key: 'k', data: Payload.ofValue({ instance_id: 1 }) }
    const work = counted()
    for (const time of [1, 2]) expect(await outcomes.once(readConsole, read, work)).to.equal(time)
    expect(await outcomes.once(sendRcon, say('a'), work), 'the key is not taken').to.equal(3)
  })

  it('answers with the error of the first', async () => {
    const outcomes = new Outcomes()
    const fails = (): Promise<never> => Promise.reject(new ClusterError('wrong_state', 'stopped'))
    expect((await failureOf(outcomes.once(sendRcon, say('a'), fails))).code).to.equal('wrong_state')
    expect((await failureOf(outcomes.once(sendRcon, say('a'), counted()))).code).to.equal('wrong_state')
  })

  it('does a request again whose error says that it may be tried again', async () => {
    const outcomes = new Outcomes()
    const fails = (): Promise<never> => Promise.reject(new ClusterError('disk_full', 'no space'))
    expect((await failureOf(outcomes.once(sendRcon, say('a'), fails))).code).to.equal('disk_full')
    expect(await outcomes.once(sendRcon, say('a'), counted())).to.equal(1)
  })

  it('refuses a key that another request has used', async () => {
    const outcomes = new Outcomes()
    await outcomes.once(sendRcon, say('a'), counted())
    expect((await failureOf(outcomes.once(sendRcon, say('b'), counted()))).code).to.equal('conflict')
  })

  it('forgets all after their time', async () => {
    let now = 0
    const outcomes = new Outcomes({ keepMs: 1_000, now: () => now })
    const work = counted()
    await outcomes.once(sendRcon, say('a'), work)
    now = 999
    expect(await outcomes.once(sendRcon, say('a'), work)).to.equal(1)
    now = 1_000
    expect(await outcomes.once(sendRcon, say('a'), work)).to.equal(2)
  })

  it('holds no more bytes than its bound, whatever the answers: the oldest are forgotten', async () => {
    const maxBytes = 1_000_000
    const outcomes = new Outcomes({ maxBytes })
    const answers = counted()
    const big = async (): Promise<object> => ({ result: 'x'.repeat(90_000), count: await answers() })
    for (let i = 1; i <= 50; i++) await outcomes.once(sendRcon, say('a', { key: `k${i}`, to: i }), big)
    // Five of them fit.
    for (const [i, count] of [[50, 50], [46, 46], [45, 51]] as const) {
      expect(await outcomes.once(sendRcon, say('a', { key: `k${i}`, to: i }), big)).to.include({ count })
    }
  })

  it('does not forget a request that is being done, or a second one would do it again', async () => {
    const outcomes = new Outcomes({ maxBytes: 2_000 })
    const work = counted()
    let finish: (answer: string) => void = () => {}
    const first = outcomes.once(sendRcon, say('slow'), () => new Promise<string>((resolve) => { finish = resolve }))
    for (let i = 1; i <= 20; i++) await outcomes.once(sendRcon, say('a', { key: `k${i}` }), work)
    const second = outcomes.once(sendRcon, say('slow'), work)
    finish('done')
    expect(await Promise.all([first, second])).to.deep.equal(['done', 'done'])
  })
})
