import { expect } from 'chai'
import { frame, startBester } from '../../helpers/bester.ts'
import type { BesterClient, Json, TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'

describe('bester: the informer', () => {
  const cleanups = new Cleanups()
  let bester: TestBester
  let informer: BesterClient
  before(async () => {
    bester = await startBester(cleanups)
    informer = bester.informer()
  })
  after(() => cleanups.run())

  function ask(command: Json): Promise<Json> {
    return informer.send({ command }).next()
  }

  it('lists a name for each connection, over one connection of its own', async () => {
    expect(await ask({ type: 'listClients' })).to.deep.equal({ status: '0', data: [] })
    const clients = [await bester.login(), await bester.login('bob'), await bester.login()]
    const { status, data } = await ask({ type: 'listClients' })
    expect(status).to.equal('0')
    expect(data).to.have.members(['alice', 'alice', 'bob'])
    for (const { socket } of clients) socket.destroy()
    await eventually(async () => expect((await ask({ type: 'listClients' })).data).to.deep.equal([]))
  })

  it('does not list who has not logged in', async () => {
    bester.connect()
    expect((await ask({ type: 'listClients' })).data).to.deep.equal([])
  })

  it('says whether a client is connected', async () => {
    const client = await bester.login()
    expect(await ask({ type: 'isClient', data: 'alice' })).to.deep.equal({ status: '0', data: true })
    for (const name of ['bob', 'nobody', '', '__proto__']) expect(await ask({ type: 'isClient', data: name })).to.deep.equal({ status: '0', data: false })
    client.socket.destroy()
  })

  it('describes the server', async () => {
    const client = await bester.login()
    const { status, data } = await ask({ type: 'serverInfo' })
    expect(status).to.equal('0')
    expect(data.adminInfo).to.be.an('object')
    expect(data.clientCount).to.equal('1')
    expect(data.listeners).to.deep.equal({
      listener0: { address: `tcp4://127.0.0.1:${bester.tcp4}` },
      listener1: { address: `tcp6://[::1]:${bester.tcp6}` },
      listener2: { address: `unix://${bester.path('bester.sock')}` },
    })
    expect(Object.keys(data)).to.have.members(['adminInfo', 'clientCount', 'listeners'])
    client.socket.destroy()
  })

  it('refuses everything else with status 1, and stays', async () => {
    const odd: Json[] = [{}, null, 5, [], { command: null }, { command: 'quit' }, { command: {} }, { command: { type: 'nonsense' } }, { command: { type: 'isClient' } }, { command: { type: 'isClient', data: 5 } }, { command: { type: '__proto__' } }]
    for (const value of odd) expect(await informer.send(value).next(), JSON.stringify(value)).to.deep.equal({ status: '1' })
    for (const body of ['nonsense', '['.repeat(1_000), Buffer.from([0xff])]) expect(await informer.raw(frame(body)).next()).to.deep.equal({ status: '1' })
    expect((await ask({ type: 'listClients' })).status).to.equal('0')
  })

  it('answers several questions that come in one piece, in order', async () => {
    const questions = ['listClients', 'nonsense', 'serverInfo'].map((type) => frame(JSON.stringify({ command: { type } })))
    informer.raw(Buffer.concat(questions))
    expect([(await informer.next()).data, (await informer.next()).status, (await informer.next()).data.clientCount]).to.deep.equal([[], '1', '0'])
  })

  it('says goodbye to who quits, and closes', async () => {
    const other = bester.informer()
    other.raw(Buffer.concat(['quit', 'listClients'].map((type) => frame(JSON.stringify({ command: { type } })))))
    expect([await other.next(), await other.next()]).to.deep.equal([{ status: '0' }, 'closed'])
  })
})
