import { expect } from 'chai'
import { join } from 'node:path'
import { ClusterError } from '../../../lib/plugin.ts'
import { reply, TestHandler } from '../../../test/helpers/bester.ts'
import type { Json } from '../../../test/helpers/bester.ts'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../../../test/helpers/temp-directory.ts'
import type { Handler } from '../settings.ts'
import { Executor } from './executor.ts'
import type { Originator } from './executor.ts'

describe('Executor', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function setUp(answer: () => object | Buffer) {
    const path = join(await temporaryDirectory(cleanups), 'handler.sock')
    await TestHandler.start(cleanups, path, answer)
    const delivered: string[] = []
    const lines: string[] = []
    const log: Json = { debug: () => {}, child: () => log }
    for (const level of ['info', 'warn', 'error']) log[level] = (text: string) => lines.push(`${level}: ${text}`)
    const rights = { inForce: true }
    const handlers = new Map<string, Handler>([['ask', { kind: 'socket', path, isStarted: false }], ['slow', { kind: 'request', request: 'list_users' }], ['typo', { kind: 'request', request: 'lst_users' }]])
    const executor = new Executor({
      settings: { handlers, handlerTimeoutMs: 60, maxFrameBytes: 100_000 },
      clients: { deliver: (name) => { delivered.push(name) } },
      cluster: {
        request: (type) => (type === 'list_users' ? new Promise(() => {}) : Promise.reject(new ClusterError('unknown_type', `There is no request ${type}`))),
        isInForce: () => rights.inForce,
      },
      log,
      newId: () => 'new',
    })
    const originator: Originator = { principal: { userId: 1, passwordNumber: 1 }, deliver: () => { delivered.push('originator') } }
    return { executor, delivered, lines, rights, originator, ask: () => executor.execute({ type: 'ask', data: '1', id: undefined }, originator) }
  }

  it('gives requests of the cluster no more time than other handlers', async () => {
    const { executor, originator, delivered, lines } = await setUp(() => ({}))
    expect(await executor.execute({ type: 'slow', data: '{}', id: 'x' }, originator)).to.equal(false)
    expect(await executor.execute({ type: 'slow', data: `{"x":"${'x'.repeat(1_100_000)}"}`, id: 'x' }, originator)).to.equal(false)
    expect([delivered, lines]).to.deep.equal([[], []])
  })

  it('does nothing more for a user whose rights have ended while the handler was at it', async () => {
    let isDeleted = false
    const { ask, delivered, lines, rights } = await setUp(() => {
      rights.inForce = !isDeleted
      return reply('sendClients', ['bob'], 1)
    })
    expect(await ask()).to.equal(true)
    isDeleted = true
    expect(await ask()).to.equal(false)
    expect([delivered, lines]).to.deep.equal([['bob'], []])
  })

  it('names a handler in the log that asks for what there is not, once', async () => {
    const { executor, originator, lines } = await setUp(() => ({}))
    for (let turn = 0; turn < 3; turn += 1) expect(await executor.execute({ type: 'typo', data: '{}', id: undefined }, originator)).to.equal(false)
    expect(lines).to.deep.equal(['warn: The handler typo fails: There is no request lst_users'])
  })

  it('takes an orderly refusal for no failure of the handler', async () => {
    let count = 0
    const { ask, lines } = await setUp(() => ({ ...reply('sendClients', [], 1), header: { status: String(count++ % 2), command: { type: 'sendClients', data: [] } } }))
    for (const isGood of [true, false, true, false]) expect(await ask()).to.equal(isGood)
    expect(lines).to.deep.equal([])
  })

  it('names a handler that fails now and then in the log once', async () => {
    let count = 0
    const { ask, lines } = await setUp(() => (count++ % 2 === 0 ? Buffer.alloc(0) : reply('sendClients', [], 1)))
    for (let turn = 0; turn < 5; turn += 1) expect([await ask(), await ask()]).to.deep.equal([false, true])
    expect(lines).to.have.length(2)
    expect(lines[0]).to.match(/^warn: The handler ask fails/)
    expect(lines[1]).to.match(/^info: The handler ask works again/)
  })
})
