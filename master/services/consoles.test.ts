import { expect } from 'chai'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { eventMessage } from '../../lib/link/link.ts'
import type { Link } from '../../lib/link/link.ts'
import { instanceOutput, instanceOutputCut } from '../../lib/link/messages/console.ts'
import { silentLogger } from '../../lib/log/logger.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { ConsoleService } from './consoles.ts'

type Parts = ConstructorParameters<typeof ConsoleService>[0]

/** Instance 7 on slave 1, which answers as a test says. */
function stage() {
  const told: number[][] = []
  const slave = {
    answer: (): unknown => ({}),
    isThere: true,
    link: {
      channel: { carries: () => true },
      send: async (_definition: unknown, data: { instance_ids: number[] }) => {
        told.push(data.instance_ids)
        return slave.answer()
      },
    },
  }
  const logged: string[] = []
  const log = { ...silentLogger, error: (message: string) => { logged.push(message) } }
  const consoles = new ConsoleService({
    instances: { onChange: () => {}, get: (id: number) => (id === 7 ? { id, slave_id: 1 } : undefined), assignedTo: () => [{ id: 7 }] },
    slaves: { link: () => (slave.isThere ? slave.link : undefined) },
    log, maxBufferedBytes: 1_000,
  } as unknown as Parts)
  const passed: string[] = []
  const follower = { channel: { isConnected: true, bufferedBytes: 0 }, pass: ({ type }: { type: string }) => { passed.push(type) } } as unknown as Link
  const print = (output: unknown): void => consoles.output(1, { ...eventMessage(instanceOutput, { instance_id: 7, output } as never), to: 7 })
  return { consoles, slave, told, passed, follower, print, logged }
}

const refuse = (): never => { throw new ClusterError('overloaded', 'busy') }

describe('ConsoleService', () => {
  it('tells a slave again that could not be told, and then the followers that they have missed something', async () => {
    const { consoles, slave, told, passed, follower } = stage()
    slave.answer = refuse
    let isDone = false
    const following = consoles.follow(follower, [7]).then(() => { isDone = true })
    await eventually(() => expect(told).to.have.length.above(2))
    expect(isDone).to.equal(false)
    slave.answer = () => ({})
    await following
    expect(told.at(-1)).to.deep.equal([7])
    expect(passed).to.deep.equal([instanceOutputCut.type])
    consoles.close()
  })

  it('tells what is wanted in the end, where that has changed meanwhile', async () => {
    const { consoles, slave, told, follower } = stage()
    slave.answer = refuse
    const following = consoles.follow(follower, [7])
    await eventually(() => expect(told).to.have.length.above(1))
    const leaving = consoles.follow(follower, [])
    slave.answer = () => ({})
    await Promise.all([following, leaving])
    expect(told.at(-1)).to.deep.equal([])
    consoles.close()
  })

  it('asks no more of a slave that has gone: it is told when it is back, and so are the followers', async () => {
    const { consoles, slave, told, passed, follower } = stage()
    slave.answer = () => {
      slave.isThere = false
      return refuse()
    }
    await consoles.follow(follower, [7])
    expect([told, passed]).to.deep.equal([[[7]], []])
    Object.assign(slave, { isThere: true, answer: () => ({}) })
    await consoles.slaveConnected(1)
    expect([told, passed]).to.deep.equal([[[7], [7]], [instanceOutputCut.type]])
    consoles.close()
  })

  it('gives output to listeners and followers whatever another listener throws', () => {
    const { consoles, passed, follower, print, logged } = stage()
    const heard: unknown[] = []
    consoles.listen(7, () => { throw new Error('a fault of a listener') })
    consoles.listen(7, ({ text }) => heard.push(text))
    void consoles.follow(follower, [7])
    print({ run: 1, offset: 0, text: 'hello' })
    expect([heard, passed, logged]).to.deep.equal([['hello'], [instanceOutput.type], ['A listener to a console failed']])
    consoles.close()
  })

  it('gives listeners nothing that is no output', () => {
    const { consoles, print } = stage()
    const heard: unknown[] = []
    consoles.listen(7, (output) => heard.push(output))
    for (const output of [undefined, null, {}, { run: '1', offset: 0 }, { run: 1, offset: -1, text: 'x' }, { run: 1, offset: 0, text: 5 }]) {
      expect(() => print(output)).to.throw().with.property('code', 'invalid_request')
    }
    expect(heard).to.deep.equal([])
    consoles.close()
  })
})
