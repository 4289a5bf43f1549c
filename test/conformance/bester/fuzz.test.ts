import { expect } from 'chai'
import fc from 'fast-check'
import { delivery, frame, login, password, reply, startBester } from '../../helpers/bester.ts'
import type { BesterClient } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'

describe('bester under fuzzing', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const wildJson = fc.oneof(fc.jsonValue(), fc.constantFrom(
    login('alice', password, { type: 'builtin', data: { command: { type: 'logout' } }, id: 'x' }), login(), { header: { scope: 'server' }, payload: { type: 'echo', data: 1 } },
    { payload: { type: 'echo', data: 1, id: '__proto__' } }, { payload: { type: '__proto__', data: { __proto__: 1 }, id: 'x' } }, { payload: { type: 'dummy', data: 0 } },
    { payload: { type: 'builtin', data: { command: { type: 'authenticate', data: { username: {}, password: [] } } } } }, { command: { type: 'listClients' } }, { command: { type: 'quit', data: 1 } },
  ))
  const wildBytes = fc.oneof(
    { weight: 4, arbitrary: wildJson.map((value) => frame(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1 }).map((text) => frame(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  )

  it('answers honest clients all the time, and forgets everybody who has gone', async () => {
    const bester = await startBester(cleanups, { handlers: ['echo', 'wild'], config: { 'limits.failed_logins_per_minute': 100_000, 'limits.handshake_ms': 150 }, fields: { handler_timeout_ms: 40, peers: ['127.0.0.1'] } })
    const wildReplies = fc.sample(fc.oneof(wildBytes, fc.tuple(fc.constantFrom('sendClients', 'sendServers', 'sendHandler', 'x'), fc.jsonValue(), fc.jsonValue())
      .map(([command, list, data]) => frame(JSON.stringify(reply(command, list, data))))), 200)
    let replies = 0
    let turn = 0
    await bester.handler('echo', (data) => reply('sendClients', ['bob'], data))
    await bester.handler('wild', () => wildReplies[replies++ % wildReplies.length])
    const bob = await bester.login('bob')
    const attackers: BesterClient[] = []
    for (const attack of fc.sample(fc.array(wildBytes, { minLength: 1, maxLength: 6 }), 250)) {
      const attacker = turn % 2 === 0 ? bester.connect() : bester.informer()
      attackers.push(attacker)
      if (turn++ % 3 === 0) attacker.send(login())
      attacker.raw(Buffer.concat(attack))
      if (turn % 5 === 0) attacker.socket.destroy()
      bob.message('wild', turn)
      if (turn % 10 === 0) {
        bob.message('echo', turn)
        for (let got = await bob.next(); JSON.stringify(got) !== JSON.stringify(delivery('echo', turn)); got = await bob.next()) expect(got).to.not.equal('closed')
      }
      if (turn % 7 === 0) attacker.socket.end()
    }
    await bester.login()
    for (const { socket } of attackers) socket.destroy()
    await eventually(async () => {
      const { data } = await bester.informer().send({ command: { type: 'listClients' } }).next()
      expect(data).to.have.members(['alice', 'bob'])
    })
  }).timeout(60_000)
})
