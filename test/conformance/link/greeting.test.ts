import { once } from 'node:events'
import { expect } from 'chai'
import { eventually } from '../../helpers/eventually.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { control, slave, Stub } from './stub.ts'
import { close, hello, ready } from './wire.ts'

describe('The handshake of the base dialect', () => {
  const stub = Stub.forSuite()

  it('greets, registers controls and slaves, and says nothing more', async () => {
    const peers = [await stub.control(), await stub.slave()]
    for (const one of peers) {
      one.say('{"seq":2,"type":"close","data":{"reason":"quit"}}')
      expect(await one.last()).to.deep.equal([])
    }
    expect(stub.master.links.map(({ peer: role }) => role)).to.deep.equal(['control', 'slave'])
    await eventually(() => expect(stub.master.owner.ends).to.deep.equal(['quit', 'quit']))
  })

  it('takes binary frames with JSON as it takes text, and answers in text', async () => {
    const one = stub.wire()
    expect(await one.hear()).to.equal(hello)
    one.say(Buffer.from(JSON.stringify({ seq: 1, type: 'register_control', data: control })))
    expect(await one.hear()).to.equal(ready)
    one.say(Buffer.from('{"seq":2,"type":"echo_request","data":{"n":1}}'))
    expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
  })

  it('refuses offers to compress, and serves who made them', async () => {
    const one = await stub.control(stub.master, { perMessageDeflate: true })
    expect(one.ws.extensions).to.equal('')
    expect(one.ws.protocol).to.equal('')
  })

  it('takes requests that are sent before it is ready', async () => {
    const one = stub.wire()
    await once(one.ws, 'open')
    one.say(JSON.stringify({ seq: 1, type: 'register_control', data: control }))
    for (let seq = 2; seq < 102; seq += 1) one.say(`{"seq":${seq},"type":"echo_request","data":{"n":${seq}}}`)
    expect([await one.hear(), await one.hear()]).to.deep.equal([hello, ready])
    for (let seq = 2; seq < 102; seq += 1) expect(await one.hear()).to.equal(`{"seq":${seq + 1},"type":"echo_response","data":{"seq":${seq},"n":${seq}}}`)
  })

  it('ends with "Invalid handshake" when the first message is no valid register', async () => {
    const frames = [
      { seq: 1, type: 'register_admin', data: control }, { seq: 1, type: 'register_control', data: {} },
      { seq: 1, type: 'register_control', data: { ...control, more: 1 } }, { seq: 1, type: 'register_control', data: { ...control, token: 5 } },
      { seq: 1, type: 'register_slave', data: control },
      { seq: 1, type: 'register_slave', data: { ...slave, id: '1' } }, { seq: 1, type: 'register_slave', data: { ...slave, id: 1.5 } },
      { seq: 1, type: 'echo_request', data: { n: 1 } }, { seq: 1, type: 'resume', data: { session_id: 'a', session_secret: 'b', received: 0 } },
      { seq: 1, type: 'hello', data: { version: '2.0.0' } }, { seq: 1, type: 'register_control', data: control, more: 1 },
    ].map((frame) => JSON.stringify(frame))
    const malformed = ['', '{', 'null', '[]', '"x"', '[['.repeat(100_000), `{"seq":1,"type":"register_control","data":{"__proto__":${JSON.stringify(control)}}}`]
    for (const frame of [...frames, ...malformed]) expect(await stub.refusalOf(frame), frame.slice(0, 100)).to.deep.equal([close(2, 'Invalid handshake')])
    expect(stub.master.links).to.deep.equal([])
  })

  it('ends with "Authentication failed" for a token that is not accepted', async () => {
    for (const code of ['unauthenticated', 'forbidden'] as const) {
      const strict = await stub.masterWith({ authenticate: async () => { throw new ClusterError(code, 'Secret reasons') } })
      const frame = JSON.stringify({ seq: 1, type: 'register_control', data: control })
      expect(await stub.refusalOf(frame, strict)).to.deep.equal([close(2, 'Authentication failed')])
    }
  })

  it('gives nothing away when it fails itself', async () => {
    const broken = await stub.masterWith({ authenticate: () => { throw new Error('password is hunter2') } })
    const frame = JSON.stringify({ seq: 1, type: 'register_control', data: control })
    expect(await stub.refusalOf(frame, broken)).to.deep.equal([close(2, 'Internal error')])
  })

  it('ends with "Invalid handshake" for a peer that stays silent', async () => {
    const hasty = await stub.masterWith({ handshakeDeadlineMs: 30 })
    const one = stub.wire(hasty)
    expect(await one.hear()).to.equal(hello)
    expect(await one.last()).to.deep.equal([close(2, 'Invalid handshake')])
    await eventually(() => expect(hasty.connections).to.equal(0))
  })

  it('ends without a word for a peer that says goodbye before it has registered', async () => {
    expect(await stub.refusalOf('{"seq":1,"type":"close","data":{"reason":"changed my mind"}}')).to.deep.equal([])
    expect(await stub.refusalOf('{"seq":1,"type":"close","data":{"reason":{"toString":1}}}')).to.have.length.below(2)
  })

  it('lets nobody in who has left while the token was looked up', async () => {
    let finish: (owner: string) => void = () => {}
    const slow = await stub.masterWith({ authenticate: () => new Promise((resolve) => { finish = resolve }) })
    const one = stub.wire(slow)
    await one.hear()
    one.say(JSON.stringify({ seq: 1, type: 'register_slave', data: slave }))
    await eventually(() => expect(slow.registrations).to.equal(1))
    one.ws.terminate()
    await eventually(() => expect(slow.connections).to.equal(0))
    finish('good')
    await eventually(() => expect(slow.refusals).to.have.length(1))
    expect(slow.links).to.deep.equal([])
  })
})
