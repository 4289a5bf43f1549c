import { expect } from 'chai'
import { delivery, frame, reply, report, startBester } from '../../helpers/bester.ts'
import type { Json, TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'

describe('bester: later messages', () => {
  const cleanups = new Cleanups()
  let bester: TestBester
  before(async () => {
    bester = await startBester(cleanups, { handlers: ['echo', 'to'] })
    await bester.handler('echo', (data) => reply('sendClients', ['alice'], data))
    await bester.handler('to', ({ names, data }) => reply('sendClients', names, data))
  })
  after(() => cleanups.run())

  const headers: Record<string, Json> = {
    'an empty header': {}, 'a null header': null, 'a bogus header': { authentication: { username: 'bob', password: 'no' }, scope: 'server' }, 'a header that is a list': [1], 'a header that is a text': 'x',
  }
  for (const [what, header] of Object.entries(headers)) {
    it(`with ${what} are handled, and the identity stays`, async () => {
      const client = await bester.login()
      client.send({ header, payload: { type: 'echo', data: what, id: 'x' } })
      expect([await client.next(), await client.next()]).to.deep.equal([delivery('echo', what), report('x', 'good')])
    })
  }

  it('need no header', async () => {
    const client = await bester.login()
    client.send({ payload: { type: 'dummy', data: 0, id: 'x' } })
    expect((await client.next()).payload.id).to.equal('x')
  })

  it('get no report without an id, and one after the delivery with it', async () => {
    const client = await bester.login()
    client.message('echo', 1)
    expect(await client.settled()).to.deep.equal([delivery('echo', 1)])
    client.message('echo', 2, '')
    expect(await client.settled()).to.deep.equal([delivery('echo', 2), report('', 'good')])
    client.message('to', { names: ['bob'], data: 1 }, 'y')
    expect(await client.settled()).to.deep.equal([report('y', 'good')])
  })

  it('keep their id whatever is in it', async () => {
    const client = await bester.login()
    for (const id of ['"', '\\', '\u0000', 'ä€😀', '__proto__', '{"a":1}', ' ', 'x'.repeat(10_000)]) {
      client.message('echo', null, id)
      expect([await client.next(), await client.next()]).to.deep.equal([delivery('echo', null), report(id, 'good')])
    }
  })

  const closing: Record<string, Json> = {
    'no payload': {}, 'a payload that is null': { payload: null }, 'a payload that is a list': { payload: ['echo'] },
    'no type': { payload: { data: 1, id: 'x' } }, 'a type that is no text': { payload: { type: 1, data: 1 } }, 'no data': { payload: { type: 'echo', id: 'x' } },
    'an id that is a number': { payload: { type: 'echo', data: 1, id: 1 } }, 'an id that is null': { payload: { type: 'echo', data: 1, id: null } },
    'a list outside': [], 'null outside': null, 'a text outside': 'x',
  }
  for (const [what, value] of Object.entries(closing)) {
    it(`with ${what} close the connection without a frame`, async () => {
      expect(await (await bester.login()).send(value).next()).to.equal('closed')
    })
  }

  it('that are no JSON close the connection', async () => {
    for (const body of ['{', 'nonsense', Buffer.from([0xff, 0xfe]), '['.repeat(10_000)]) expect(await (await bester.login()).raw(frame(body)).next()).to.equal('closed')
  })

  it('are handled strictly in order, however long one takes', async () => {
    const slow = await startBester(cleanups, { handlers: ['slow', 'quick'], fields: { handler_timeout_ms: 80 } })
    await slow.handler('slow', () => undefined)
    await slow.handler('quick', (data) => reply('sendClients', ['alice'], data))
    const client = await slow.login()
    client.message('slow', 1, 'a').message('quick', 2, 'b').message('dummy', 3, 'c')
    const frames = [await client.next(), await client.next(), await client.next(), await client.next()]
    expect(frames.slice(0, 3)).to.deep.equal([report('a', 'bad'), delivery('quick', 2), report('b', 'good')])
    expect(frames[3].payload.id).to.equal('c')
  })

  it('of different connections do not wait for one another', async () => {
    const slow = await startBester(cleanups, { handlers: ['slow'], fields: { handler_timeout_ms: 60_000 } })
    await slow.handler('slow', () => undefined)
    ;(await slow.login()).message('slow', 1, 'a')
    expect((await (await slow.login('bob')).ask('dummy', 0, 'x')).payload.id).to.equal('x')
  })

  describe('delivered to clients', () => {
    it('go to every connection of a user, once for each time that he is listed', async () => {
      const [alice, first, second] = [await bester.login(), await bester.login('bob'), await bester.login('bob')]
      alice.message('to', { names: ['bob', 'nobody', '__proto__', 'bob'], data: { x: 1 } }, 'i')
      expect(await alice.next()).to.deep.equal(report('i', 'good'))
      for (const bob of [first, second]) expect(await bob.settled()).to.deep.equal([delivery('to', { x: 1 }), delivery('to', { x: 1 })])
      first.socket.destroy()
      second.socket.destroy()
    })

    it('reach an originator who is listed before his report', async () => {
      const alice = await bester.login()
      alice.message('to', { names: ['alice'], data: 1 }, 'i')
      expect([await alice.next(), await alice.next()]).to.deep.equal([delivery('to', 1), report('i', 'good')])
    })

    it('to nobody are good', async () => {
      const alice = await bester.login()
      expect(await alice.ask('to', { names: [], data: 1 }, 'i')).to.deep.equal(report('i', 'good'))
      expect(await alice.ask('to', { names: ['nobody'], data: 1 }, 'j')).to.deep.equal(report('j', 'good'))
    })
  })

  it('carry any JSON value through handler and delivery as it was written', async () => {
    const texts = ['null', 'true', '0', '-0', '1e400', '123456789012345678901234567890', '0.10', '"\\u00e9é\\/\\ud800"', '[]', '[1, [2]]', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`, '{"a":1,"a":2,"__proto__":3}', '""']
    const client = await bester.login()
    const handler = await startBester(cleanups, { handlers: ['raw'] })
    const raw = await handler.handler('raw', (_data, text) => frame(`{"header":{"status":"0","command":{"type":"sendClients","data":["alice"]}},"data":${text}}`))
    const alice = await handler.login()
    for (const text of texts) {
      alice.raw(frame(`{"header":{},"payload":{"type":"raw", "data" : ${text} }}`))
      expect(await alice.nextText()).to.equal(`{"header":{"status":"good","messageType":"receivedMessage"},"payload":{"data":${text},"type":"raw"}}`)
    }
    expect(raw.got).to.deep.equal(texts)
    client.socket.destroy()
  })
})
