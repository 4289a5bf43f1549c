import { expect } from 'chai'
import { delivery, frame, login, loginReport, password, reply, report, startBester } from '../../helpers/bester.ts'
import type { Json, TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'

describe('bester: the first message', () => {
  const cleanups = new Cleanups()
  let bester: TestBester
  before(async () => {
    bester = await startBester(cleanups, { handlers: ['echo'] })
    await bester.handler('echo', (data) => reply('sendClients', ['alice'], data))
  })
  after(() => cleanups.run())

  it('with a good login is answered with the report first, then its payload is dispatched', async () => {
    const client = bester.connect().send(login('alice', password, { type: 'echo', data: { a: 1 }, id: '7' }))
    expect(await client.next()).to.deep.equal(loginReport)
    expect(await client.next()).to.deep.equal(delivery('echo', { a: 1 }))
    expect(await client.next()).to.deep.equal(report('7', 'good'))
  })

  const quiet: Record<string, Json> = {
    'no payload': undefined, 'an empty payload': {}, 'a payload without a type': { data: 1, id: 'x' }, 'a payload that is null': null,
    'a dummy': { type: 'dummy', data: null, id: 'x' }, 'a dummy without data': { type: 'dummy' },
  }
  for (const [what, payload] of Object.entries(quiet)) {
    it(`with ${what} gets the report, nothing more, and stays open`, async () => {
      const client = bester.connect().send(login('alice', password, payload))
      expect(await client.next()).to.deep.equal(loginReport)
      expect(await client.settled()).to.deep.equal([])
      expect(await client.ask('echo', 2)).to.deep.equal(delivery('echo', 2))
    })
  }

  const broken: Record<string, Json> = {
    'a type and no data': { type: 'echo' }, 'a type that is no text': { type: 5, data: 1 }, 'an id that is no text': { type: 'echo', data: 1, id: 5 },
  }
  for (const [what, payload] of Object.entries(broken)) {
    it(`with ${what} gets the report and is closed then`, async () => {
      const client = bester.connect().send(login('alice', password, payload))
      expect(await client.next()).to.deep.equal(loginReport)
      expect(await client.next()).to.equal('closed')
    })
  }

  const refused: Record<string, Json> = {
    'an empty name': login(''), 'a blank name': login('  \t'), 'a name that is no text': login(5), 'an unknown name': login('mallory'), 'a name like a built-in property': login('__proto__'),
    'an empty password': login('alice', ''), 'a password that is no text': login('alice', null), 'a wrong password': login('alice', 'wrong'), 'an endless password': login('alice', 'x'.repeat(100_000)),
    'no authentication': { header: { scope: 'client' } }, 'authentication that is no object': { header: { scope: 'client', authentication: ['alice', password] } },
    'no scope': { header: { authentication: { username: 'alice', password } } }, 'an odd scope': { header: { ...login().header, scope: 'Client' } },
    'a scope that is no text': { header: { ...login().header, scope: ['client'] } }, 'scope server, not being a peer': { header: { scope: 'server' }, payload: { type: 'echo', data: 1, id: 'x' } },
    'no header': { payload: { type: 'echo', data: 1 } }, 'a header that is null': { header: null }, 'a header that is a list': { header: [login().header] },
    'a list outside': [login()], 'a text outside': 'hello', 'null outside': null, 'a number outside': 17,
  }
  for (const [what, value] of Object.entries(refused)) {
    it(`with ${what} is closed without a frame`, async () => {
      expect(await bester.connect().send(value).next()).to.equal('closed')
    })
  }

  it('that is no JSON, no UTF-8, or nested without end is closed without a frame', async () => {
    const good = JSON.stringify(login())
    const bodies = ['', '{', 'hello', `${good},`, `\ufeff${good}`, good.replace('"', '\''), '['.repeat(100_000), `{"header":${'{"x":'.repeat(5_000)}`].slice(1)
    for (const body of bodies) expect(await bester.connect().raw(frame(body)).next(), body.slice(0, 20)).to.equal('closed')
    const latin = Buffer.from(JSON.stringify(login('alice', password, { x: 'é' })), 'latin1')
    expect(await bester.connect().raw(frame(latin)).next()).to.equal('closed')
  })

  it('takes the last of several keys of one name, as JSON.parse does, and minds no other keys', async () => {
    const text = `{"header":{"scope":"server"},"x":1,"header":${JSON.stringify({ ...login().header, more: 1 })}}`
    expect(await bester.connect().raw(frame(text)).next()).to.deep.equal(loginReport)
  })

  it('leaves nobody on the list whom it closes', async () => {
    await bester.connect().send(login('bob', password, { type: 'echo' })).next()
    const informer = bester.informer()
    await eventually(async () => {
      expect((await informer.send({ command: { type: 'isClient', data: 'bob' } }).next()).data).to.equal(false)
    })
  })
})
