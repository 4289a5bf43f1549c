import { expect } from 'chai'
import { Cleanups } from '../../helpers/cleanups.ts'
import { startConcierge } from '../../helpers/concierge.ts'
import type { ConciergeClient, Frame, TestConcierge } from '../../helpers/concierge.ts'

const nil = '00000000-0000-0000-0000-000000000000'
const status = (code: string, fields: object): Frame => ({ type: 'STATUS', code, ...fields })

describe('The concierge keeps groups', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge
  let anthony: ConciergeClient
  let brendan: ConciergeClient

  beforeEach(async () => {
    concierge = await startConcierge(cleanups)
    anthony = await concierge.join('anthony')
    brendan = await concierge.join('brendan')
    await anthony.next()
  })
  afterEach(() => cleanups.run())

  const data = (more: object = {}): object => ({ name: 'data', nickname: 'The Data', owner_uuid: anthony.uuid, subscribers: [], ...more })

  async function create(): Promise<void> {
    expect(await anthony.ask({ type: 'GROUP_CREATE', name: 'data', nickname: 'The Data' })).to.deep.equal(status('GROUP_CREATED', { ...data(), seq: 0 }))
    expect(await brendan.next()).to.deep.equal(status('GROUP_CREATED', data()))
  }

  it('with one for chat from the start, which nobody can delete', async () => {
    const chat = { name: 'chat', nickname: 'Chat Channel', owner_uuid: nil, subscribers: [] }
    expect(await anthony.ask({ type: 'GROUP_FETCH_ALL' })).to.deep.equal({ type: 'GROUP_FETCH_ALL_RESULT', groups: [chat], seq: 0 })
    expect(await anthony.ask({ type: 'GROUP_DELETE', name: 'chat' })).to.deep.equal(status('NO_SUCH_GROUP', { group: 'chat', name: 'chat', seq: 1 }))
    expect(await anthony.ask({ type: 'GROUP_FETCH', name: 'chat' })).to.deep.equal({ type: 'GROUP_FETCH_RESULT', ...chat, seq: 2 })
  })

  it('telling the creator with seq and the others without, and subscribing nobody', async () => {
    await create()
    expect(await anthony.ask({ type: 'GROUP_FETCH', name: 'data' })).to.deep.equal({ type: 'GROUP_FETCH_RESULT', ...data(), seq: 1 })
    expect(await anthony.ask({ type: 'GROUP_CREATE', name: 'plain' })).to.deep.equal(status('GROUP_CREATED', { name: 'plain', nickname: null, owner_uuid: anthony.uuid, subscribers: [], seq: 2 }))
  })

  it('once each: a second creation gets the one that is there', async () => {
    await create()
    await brendan.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })
    expect(await brendan.ask({ type: 'GROUP_CREATE', name: 'data', nickname: 'Other' })).to.deep.equal(status('GROUP_ALREADY_CREATED', { ...data({ subscribers: [brendan.uuid] }), seq: 1 }))
    expect(await anthony.ask({ type: 'GROUP_CREATE', name: 'data' })).to.include({ code: 'GROUP_ALREADY_CREATED', seq: 1 })
    expect(await anthony.settled()).to.deep.equal([])
  })

  it('whose subscribing and unsubscribing succeed however often', async () => {
    await create()
    for (const seq of [0, 1]) {
      expect(await brendan.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })).to.deep.equal(status('SUBSCRIBED', { ...data({ subscribers: [brendan.uuid] }), seq }))
    }
    anthony.send({ type: 'MESSAGE', target: { type: 'GROUP', group: 'data' }, data: 'once' })
    expect(await brendan.settled()).to.have.length(1)
    for (const seq of [3, 4]) {
      expect(await brendan.ask({ type: 'SELF_UNSUBSCRIBE', name: 'data' })).to.deep.equal(status('UNSUBSCRIBED', { ...data(), seq }))
    }
    anthony.send({ type: 'MESSAGE', target: { type: 'GROUP', group: 'data' }, data: 'none' })
    await anthony.settled()
    expect(await brendan.settled()).to.deep.equal([])
  })

  it('answering NO_SUCH_GROUP with group and name for those that are not there', async () => {
    for (const [seq, type] of ['SELF_SUBSCRIBE', 'SELF_UNSUBSCRIBE', 'GROUP_DELETE', 'GROUP_FETCH', 'SUBSCRIBE', 'UNSUBSCRIBE', 'DELETE_GROUP'].entries()) {
      expect(await anthony.ask({ type, name: '__proto__' })).to.deep.equal(status('NO_SUCH_GROUP', { group: '__proto__', name: '__proto__', seq }))
    }
  })

  it('under the older names of the payloads too', async () => {
    expect(await anthony.ask({ type: 'CREATE_GROUP', name: 'data' })).to.include({ code: 'GROUP_CREATED', seq: 0 })
    expect(await anthony.ask({ type: 'SUBSCRIBE', name: 'data' })).to.include({ code: 'SUBSCRIBED', seq: 1 })
    expect(await anthony.ask({ type: 'UNSUBSCRIBE', name: 'data' })).to.include({ code: 'UNSUBSCRIBED', seq: 2 })
    expect(await anthony.ask({ type: 'DELETE_GROUP', name: 'data' })).to.include({ code: 'GROUP_DELETED', seq: 3 })
  })

  it('called anything, __proto__ and constructor as well', async () => {
    for (const [seq, name] of ['__proto__', 'constructor', 'toString', 'a b', '💩', '\ud800'].entries()) {
      expect(await anthony.ask({ type: 'GROUP_CREATE', name })).to.deep.equal(status('GROUP_CREATED', { name, nickname: null, owner_uuid: anthony.uuid, subscribers: [], seq }))
    }
  })

  it('refusing names and nicknames that are none', async () => {
    const bad = [{}, { name: 5 }, { name: null }, { name: '' }, { name: 'x'.repeat(257) }, { name: 'x', nickname: 5 }, { name: 'x', nickname: 'x'.repeat(257) }]
    for (const [seq, fields] of bad.entries()) {
      expect(await anthony.ask({ type: 'GROUP_CREATE', ...fields }), JSON.stringify(fields)).to.include({ code: 'PROTOCOL', seq })
    }
    expect(await brendan.settled()).to.deep.equal([])
  })

  it('deleted by nobody but the owner', async () => {
    await create()
    expect(await brendan.ask({ type: 'GROUP_DELETE', name: 'data' })).to.deep.equal(status('NO_SUCH_GROUP', { group: 'data', name: 'data', seq: 0 }))
    await anthony.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })
    await brendan.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })
    const bystander = await concierge.join('bystander')
    const left = data({ subscribers: [anthony.uuid, brendan.uuid] })
    anthony.send({ type: 'GROUP_DELETE', name: 'data' })
    expect((await anthony.until(({ code }) => code === 'GROUP_DELETED')).slice(1)).to.deep.equal([status('UNSUBSCRIBED', left), status('GROUP_DELETED', { ...left, seq: 2 })])
    expect((await brendan.until(({ code }) => code === 'GROUP_DELETED')).slice(1)).to.deep.equal([status('UNSUBSCRIBED', left), status('GROUP_DELETED', left)])
    expect(await bystander.next()).to.deep.equal(status('GROUP_DELETED', left))
    expect(await anthony.ask({ type: 'GROUP_FETCH', name: 'data' })).to.include({ code: 'NO_SUCH_GROUP' })
  })

  it('that go when their owner goes, and after them the owner', async () => {
    await create()
    await anthony.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })
    await anthony.ask({ type: 'SELF_SUBSCRIBE', name: 'chat' })
    await brendan.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })
    anthony.ws.terminate()
    const left = data({ subscribers: [brendan.uuid] })
    expect(await brendan.next()).to.deep.equal(status('UNSUBSCRIBED', left))
    expect(await brendan.next()).to.deep.equal(status('GROUP_DELETED', left))
    expect(await brendan.next()).to.deep.equal(status('CLIENT_LEFT', { name: 'anthony', nickname: null, uuid: anthony.uuid, tags: [] }))
    expect((await brendan.ask({ type: 'GROUP_FETCH', name: 'chat' })).subscribers).to.deep.equal([])
  })

  it('of whom nobody stays subscribed when one is created anew', async () => {
    await create()
    await brendan.ask({ type: 'SELF_SUBSCRIBE', name: 'data' })
    await anthony.ask({ type: 'GROUP_DELETE', name: 'data' })
    expect((await anthony.ask({ type: 'GROUP_CREATE', name: 'data' })).subscribers).to.deep.equal([])
    await anthony.ask({ type: 'MESSAGE', target: { type: 'GROUP', group: 'data' }, data: 1 })
    expect((await brendan.settled()).map(({ code }) => code)).to.deep.equal(['UNSUBSCRIBED', 'GROUP_DELETED', 'GROUP_CREATED'])
    expect((await brendan.ask({ type: 'SELF_FETCH' })).subscriptions).to.deep.equal([])
  })

  it('and tells who is there and what one is subscribed to', async () => {
    const tagged = await concierge.join('tagged', { nickname: 'Nick', tags: ['a', 'b'] })
    await tagged.ask({ type: 'SELF_SUBSCRIBE', name: 'chat' })
    expect(await tagged.ask({ type: 'SELF_FETCH' })).to.deep.equal({
      type: 'SELF_FETCH_RESULT', name: 'tagged', nickname: 'Nick', uuid: tagged.uuid, tags: ['a', 'b'], subscriptions: ['chat'], seq: 1,
    })
    expect(await tagged.ask({ type: 'CLIENT_FETCH_ALL' })).to.deep.equal({
      type: 'CLIENT_FETCH_ALL_RESULT', seq: 2, clients: [
        { name: 'anthony', nickname: null, uuid: anthony.uuid, tags: [] },
        { name: 'brendan', nickname: null, uuid: brendan.uuid, tags: [] },
        { name: 'tagged', nickname: 'Nick', uuid: tagged.uuid, tags: ['a', 'b'] },
      ],
    })
    expect(await anthony.next()).to.deep.equal(status('CLIENT_JOINED', { name: 'tagged', nickname: 'Nick', uuid: tagged.uuid, tags: ['a', 'b'] }))
    await tagged.close()
    expect(await anthony.next()).to.deep.equal(status('CLIENT_LEFT', { name: 'tagged', nickname: 'Nick', uuid: tagged.uuid, tags: ['a', 'b'] }))
  })

  it('up to a number for each client', async () => {
    for (let index = 0; index < 1_000; index += 1) anthony.send({ type: 'GROUP_CREATE', name: `g${index}` })
    const answers = await anthony.until(({ seq }) => seq === 999)
    expect(answers.every(({ code }) => code === 'GROUP_CREATED')).to.equal(true)
    expect(await anthony.ask({ type: 'GROUP_CREATE', name: 'more' })).to.include({ code: 'BAD', seq: 1_000 })
    anthony.ws.terminate()
    await brendan.until(({ code }) => code === 'CLIENT_LEFT')
    expect((await brendan.ask({ type: 'GROUP_FETCH_ALL' })).groups).to.have.length(1)
  })
})

describe('The concierge bounds its lists', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge
  beforeEach(async () => { concierge = await startConcierge(cleanups, { list_bytes: 65_536 }) })
  afterEach(() => cleanups.run())

  const large = (name: string): object => ({ type: 'GROUP_CREATE', name: name.padEnd(256, '中'), nickname: '中'.repeat(256) })

  async function answer(client: ConciergeClient, payload: object): Promise<Frame> {
    client.send(payload)
    return (await client.until(({ seq }) => seq !== undefined)).at(-1) as Frame
  }

  /** Creates large groups until one is refused; gives their number. */
  async function fill(client: ConciergeClient, name: string): Promise<number> {
    for (let count = 0; ; count += 1) {
      const { code } = await answer(client, large(`${name}${count}`))
      if (code === 'BAD') return count
      expect(code).to.equal('GROUP_CREATED')
    }
  }

  it('of groups: what a client may add, and all together, with room again for what is gone', async () => {
    const first = await concierge.join('first')
    const count = await fill(first, 'first')
    expect(count).to.be.within(9, 11)
    await answer(first, { type: 'GROUP_DELETE', name: 'first0'.padEnd(256, '中') })
    expect(await fill(first, 'again')).to.equal(1)
    for (const name of ['b', 'c', 'd']) expect(await fill(await concierge.join(name), name)).to.equal(count)
    const last = await concierge.join('last')
    const rest = await fill(last, 'last')
    expect(rest).to.be.below(count)
    const { groups } = await answer(last, { type: 'GROUP_FETCH_ALL' })
    expect(groups).to.have.length(1 + 4 * count + rest)
    expect(Buffer.byteLength(JSON.stringify(groups))).to.be.below(65_536 + 200)
    first.ws.terminate()
    await last.until(({ code, name }) => code === 'CLIENT_LEFT' && name === 'first')
    expect(await fill(last, 'more')).to.be.above(0)
  })

  it('of subscribers: one subscription too many is refused, and there is room for it when another ends', async () => {
    const client = await concierge.join('client')
    await fill(client, 'large')
    const names: string[] = []
    const create = async (name: string): Promise<boolean> => (await answer(client, { type: 'GROUP_CREATE', name })).code === 'GROUP_CREATED'
    while (await create(`small${names.length}`)) names.push(`small${names.length}`)
    await answer(client, { type: 'GROUP_DELETE', name: names.pop() })
    const subscribe = async (name: string): Promise<string> => (await answer(client, { type: 'SELF_SUBSCRIBE', name })).code as string
    const subscribed: string[] = []
    for (const name of ['chat', ...names, ...Array.from({ length: 8 }, (_, index) => `large${index}`.padEnd(256, '中'))]) {
      if (await subscribe(name) === 'SUBSCRIBED') subscribed.push(name)
    }
    expect(subscribed).to.have.length.within(1, 5)
    expect(await subscribe(subscribed[0]!), 'once more').to.equal('SUBSCRIBED')
    const refused = 'large7'.padEnd(256, '中')
    expect(await subscribe(refused)).to.equal('BAD')
    await answer(client, { type: 'SELF_UNSUBSCRIBE', name: subscribed[0] })
    expect(await subscribe(refused)).to.equal('SUBSCRIBED')
    const other = await concierge.join('other')
    expect((await answer(other, { type: 'SELF_SUBSCRIBE', name: 'chat' })).code).to.equal('SUBSCRIBED')
  })

  it('of clients: one that is too large is not sent', async () => {
    const client = await concierge.join('client')
    for (let index = 0; index < 8; index += 1) await concierge.join(`c${index}`, { tags: ['x'.repeat(7_500)] })
    expect((await answer(client, { type: 'CLIENT_FETCH_ALL' })).clients).to.have.length(9)
    await concierge.join('one_more', { tags: ['x'.repeat(7_500)] })
    expect(await answer(client, { type: 'CLIENT_FETCH_ALL' })).to.include({ code: 'BAD', seq: 1 })
  })
})

describe('The concierge in the original dialect', () => {
  const cleanups = new Cleanups()
  after(() => cleanups.run())

  it('uses the words of the original programs', async () => {
    const concierge = await startConcierge(cleanups, { dialect: 'original' })
    const client = await concierge.join('client')
    const chat = { name: 'chat', nickname: 'Chat Channel', owner_uuid: nil, subscribers: [client.uuid] }
    expect(await client.ask({ type: 'SELF_SUBSCRIBE', name: 'chat' })).to.deep.equal(status('SELF_SUBSCRIBED', { ...chat, seq: 0 }))
    expect((await client.ask({ type: 'SELF_FETCH' })).subscriptions).to.deep.equal([chat])
    expect(await client.ask({ type: 'HELLO' })).to.deep.equal(status('UNSUPPORTED', { seq: 2 }))
    expect(await client.ask({ type: 'SELF_UNSUBSCRIBE', name: 'chat' })).to.deep.equal(status('SELF_UNSUBSCRIBED', { ...chat, subscribers: [], seq: 3 }))
    expect(await client.ask({ type: 'GROUP_FETCH', name: 'x' })).to.deep.equal(status('NO_SUCH_GROUP', { group: 'x', name: 'x', seq: 4 }))
  })
})
