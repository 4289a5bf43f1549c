import { expect } from 'chai'
import { delivery, login, loginReport, password, reply, report, startBester } from '../../helpers/bester.ts'
import type { BesterClient, Json, TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'

describe('bester: built-ins', () => {
  const cleanups = new Cleanups()
  let bester: TestBester
  beforeEach(async () => {
    bester = await startBester(cleanups, { handlers: ['to'] })
    await bester.handler('to', ({ names, data }) => reply('sendClients', names, data))
  })
  afterEach(() => cleanups.run())

  function builtin(client: BesterClient, type: Json, data?: Json, id: string | undefined = 'id'): Promise<Json> {
    return client.ask('builtin', { command: { type, ...(data === undefined ? {} : { data }) } }, id)
  }

  it('dummy answers with its id, or without one', async () => {
    const client = await bester.login()
    client.message('dummy', { x: 1 }, 'i')
    expect(await client.nextText()).to.equal('{"header":{"status":"0"},"payload":{"data":null,"id":"i","type":"dummy"}}')
    client.message('dummy', 1)
    expect(await client.nextText()).to.equal('{"header":{"status":"0"},"payload":{"data":null,"type":"dummy"}}')
  })

  it('close closes without a frame, with or without an id', async () => {
    expect(await builtin(await bester.login(), 'close')).to.equal('closed')
    const client = await bester.login()
    client.message('to', { names: ['alice'], data: 1 }, 'before').message('builtin', { command: { type: 'close' } }).message('to', { names: ['alice'], data: 2 })
    expect([await client.next(), await client.next(), await client.next()]).to.deep.equal([delivery('to', 1), report('before', 'good'), 'closed'])
  })

  it('may be the first message', async () => {
    const client = bester.connect().send(login('alice', password, { type: 'builtin', data: { command: { type: 'close' } }, id: 'x' }))
    expect([await client.next(), await client.next()]).to.deep.equal([loginReport, 'closed'])
  })

  it('that are unknown or misshapen are bad, and quiet without an id', async () => {
    const client = await bester.login()
    for (const data of [null, 1, [], {}, { command: 'close' }, { command: {} }, { command: { type: 'shutdown' } }, { command: { type: 5 } }, { command: { type: 'toString' } }]) {
      expect(await client.ask('builtin', data, 'x'), JSON.stringify(data)).to.deep.equal(report('x', 'bad'))
      client.message('builtin', data)
    }
    expect(await client.settled()).to.deep.equal([])
  })

  describe('authenticate', () => {
    it('makes the connection that of another user', async () => {
      const client = await bester.login()
      expect(await builtin(client, 'authenticate', { username: 'bob', password })).to.deep.equal(report('id', 'good'))
      expect(await client.ask('to', { names: ['alice', 'bob'], data: 1 }, 'x')).to.deep.equal(delivery('to', 1))
      expect(await client.next()).to.deep.equal(report('x', 'good'))
      expect((await bester.informer().send({ command: { type: 'listClients' } }).next()).data).to.deep.equal(['bob'])
    })

    it('leaves the old identity where it fails', async () => {
      const client = await bester.login()
      for (const data of [undefined, null, {}, { username: 'bob' }, { username: 'bob', password: 'wrong' }, { username: '', password }, { username: 'nobody', password }]) {
        expect(await builtin(client, 'authenticate', data)).to.deep.equal(report('id', 'bad'))
      }
      expect(await client.ask('to', { names: ['alice'], data: 1 })).to.deep.equal(delivery('to', 1))
    })
  })

  describe('logout', () => {
    it('leaves the built-ins and dummy, all else is bad, and nothing is delivered any more', async () => {
      const [client, bob] = [await bester.login(), await bester.login('bob')]
      expect(await builtin(client, 'logout')).to.deep.equal(report('id', 'good'))
      expect(await client.ask('to', { names: ['alice', 'bob'], data: 1 }, 'x')).to.deep.equal(report('x', 'bad'))
      expect((await client.ask('dummy', 0, 'd')).payload.id).to.equal('d')
      expect(await bob.ask('to', { names: ['alice'], data: 1 }, 'y')).to.deep.equal(report('y', 'good'))
      expect(await client.settled()).to.deep.equal([])
      expect(await bob.settled()).to.deep.equal([])
      expect(await builtin(client, 'changePassword', { old: password, new: 'long enough' })).to.deep.equal(report('id', 'bad'))
      expect(await builtin(client, 'shutdown')).to.deep.equal(report('id', 'bad'))
      expect(await builtin(client, 'close')).to.equal('closed')
    })

    it('is followed by another login', async () => {
      const client = await bester.login()
      await builtin(client, 'logout')
      expect(await builtin(client, 'authenticate', { username: 'bob', password })).to.deep.equal(report('id', 'good'))
      expect(await client.ask('to', { names: ['bob'], data: 1 })).to.deep.equal(delivery('to', 1))
    })
  })

  describe('changePassword', () => {
    it('changes it, keeps the connection, and ends the user\'s others', async () => {
      const [client, other, bob] = [await bester.login(), await bester.login(), await bester.login('bob')]
      expect(await builtin(client, 'changePassword', { old: password, new: 'a new one' })).to.deep.equal(report('id', 'good'))
      expect(await other.next()).to.equal('closed')
      expect(await client.ask('to', { names: ['alice'], data: 1 })).to.deep.equal(delivery('to', 1))
      expect(await bob.settled()).to.deep.equal([])
      expect(await bester.connect().send(login()).next()).to.equal('closed')
      expect(await bester.connect().send(login('alice', 'a new one')).next()).to.deep.equal(loginReport)
    })

    it('is bad with a wrong old one, and for a new one that can\'t be', async () => {
      const client = await bester.login()
      for (const data of [undefined, null, {}, { old: password }, { new: 'long enough' }, { old: 'wrong', new: 'long enough' }, { old: password, new: '' }, { old: password, new: '7 signs' }, { old: password, new: 5 }, { old: password, new: 'x'.repeat(2_000) }]) {
        expect(await builtin(client, 'changePassword', data)).to.deep.equal(report('id', 'bad'))
      }
      await bester.login()
    })
  })

  describe('what an administrator does to a user', () => {
    it('holds at once: another password and deletion end his connections and his rights', async () => {
      const [alice, bob] = [await bester.login(), await bester.login('bob')]
      await bester.users.setPassword(1, 'set by the administrator')
      expect(await alice.next()).to.equal('closed')
      await bester.users.delete(2)
      expect(await bob.next()).to.equal('closed')
      expect(await bester.connect().send(login('bob')).next()).to.equal('closed')
      await eventually(async () => expect((await bester.informer().send({ command: { type: 'listClients' } }).next()).data).to.deep.equal([]))
    })
  })

  it('count failed logins of an address, and refuse it when there are too many', async () => {
    const strict = await startBester(cleanups, { config: { 'limits.failed_logins_per_minute': 3 } })
    const client = await strict.login()
    for (let count = 0; count < 2; count += 1) expect(await strict.connect().send(login('alice', 'wrong')).next()).to.equal('closed')
    expect(await builtin(client, 'changePassword', { old: 'wrong', new: 'long enough' })).to.deep.equal(report('id', 'bad'))
    expect(await strict.connect().send(login()).next(), 'the right password does not help now').to.equal('closed')
    expect(await builtin(client, 'authenticate', { username: 'bob', password })).to.deep.equal(report('id', 'bad'))
    expect((await client.ask('dummy', 0, 'still there')).payload.id).to.equal('still there')
  })

  it('bear a flood of connections that do not log in, and one of wrong logins', async () => {
    const strict = await startBester(cleanups, { config: { 'limits.unauthenticated_connections': 20, 'limits.failed_logins_per_minute': 10 } })
    const honest = await strict.login()
    const flood = Array.from({ length: 40 }, () => strict.connect())
    await eventually(() => expect(flood.filter(({ socket }) => socket.destroyed || socket.readableEnded)).to.have.length(20))
    for (const { socket } of flood) socket.destroy()
    await eventually(async () => { await strict.login() })
    const wrong = await Promise.all(Array.from({ length: 100 }, () => strict.connect().send(login('alice', 'wrong')).next()))
    expect(wrong).to.deep.equal(wrong.map(() => 'closed'))
    expect((await honest.ask('dummy', 0, 'x')).payload.id).to.equal('x')
  })
})
