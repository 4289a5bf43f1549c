import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import { createToken, revokeToken } from '../../lib/link/messages/cluster.ts'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { deleteInstance, startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { GatewayClient } from '../helpers/gateway.ts'
import type { Frame } from '../helpers/gateway.ts'
import { runToEnd } from '../helpers/program.ts'

describe('the gateway and the slaves and instances of the cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let arena: number
  before(async () => {
    cluster = await TestCluster.start(cleanups, { master: { 'gateway.enabled': true } })
    arena = (await cluster.create('arena')).id
    await cluster.api(startInstance, { instance_id: arena, wait: true })
  })
  after(() => cleanups.run())

  const connect = (): Promise<GatewayClient> => GatewayClient.connect(cleanups, cluster.url)

  /** A client that has connected to a service; its challenge is taken. */
  async function opened(name: string): Promise<{ client: GatewayClient; server: number; nonce: string }> {
    const client = await connect()
    const server = await client.service(name)
    expect(await client.ask({ type: 1, subtype: 0, server, id: 0 })).to.deep.equal({ type: 2, subtype: 0, server, id: 0, ok: true, data: [] })
    const challenge = await client.next()
    expect(challenge).to.deep.equal({ type: 1, subtype: 8, server, data: challenge.data })
    return { client, server, nonce: challenge.data[0] as string }
  }

  async function verified(name: string, token = cluster.token): Promise<{ client: GatewayClient; server: number; ask: (subtype: number, more?: object) => Promise<Frame> }> {
    const { client, server } = await opened(name)
    let lastId = 0
    const ask = async (subtype: number, more: object = {}): Promise<Frame> => {
      lastId += 1
      client.send({ type: 1, subtype, server, id: lastId, ...more })
      return client.until(({ type, id }) => type === 2 && id === lastId)
    }
    expect(await ask(1, { answer: token })).to.deep.equal({ type: 2, subtype: 1, server, id: 1, ok: true, data: [] })
    return { client, server, ask }
  }

  const newToken = (role: 'admin' | 'viewer') => cluster.api(createToken, { name: `gateway ${role}`, role })

  it('lists both with their kinds, and what they offer once somebody has verified', async () => {
    const client = await connect()
    const { data } = await client.next()
    expect((data as Frame[]).map(({ name, kind, online }) => ({ name, kind, online }))).to.deep.equal([
      { name: 'east', kind: 'slave', online: true }, { name: 'arena', kind: 'instance', online: true },
    ])
    for (const name of ['east', 'arena']) {
      const { ask } = await verified(name)
      const named = async (subtype: number): Promise<object> => Object.fromEntries((((await ask(subtype)).data) as Frame[]).map(({ id, name: called }) => [called as string, id as number]))
      expect(await named(2)).to.deep.equal({ control: 1, console: 2, players: 3 })
      expect(await named(3)).to.deep.equal({ console: 1, status: 2, players: 3 })
    }
  })

  it('says "not verified" until somebody has, also after a wrong answer and to tokens that are no operator\'s', async () => {
    const { client, server } = await opened('arena')
    for (const subtype of [2, 3, 4, 5, 6, 7]) {
      expect(await client.ask({ type: 1, subtype, server, stream: 1, interface: 2, data: 'quit' })).to.deep.equal({ type: 2, subtype, server, ok: false, error: 'not verified' })
    }
    for (const answer of ['wrong', '', null, 7, [], cluster.joinToken, createHmac('sha256', 'guess').update('x').digest('hex')]) {
      expect(await client.ask({ type: 1, subtype: 1, server, answer })).to.deep.equal({ type: 2, subtype: 1, server, ok: false, error: 'not verified' })
    }
    expect(await client.ask({ type: 1, subtype: 1, server, answer: cluster.token })).to.include({ ok: true })
    expect(await client.ask({ type: 1, subtype: 1, server, answer: 'wrong' })).to.include({ ok: false })
    expect(await client.ask({ type: 1, subtype: 2, server })).to.include({ error: 'not verified' })
  })

  it('sends console lines and shows what the game prints, from the instance and from its slave', async () => {
    const { client, server, ask } = await verified('arena')
    expect(await ask(4, { stream: 1 })).to.include({ ok: true })
    // What a line brings about may come before its answer.
    client.send({ type: 1, subtype: 7, server, interface: 2, command: 'send', args: ['say first'] })
    const line = await client.until(({ type, data }) => type === 3 && JSON.stringify(data).includes('first'))
    expect(line).to.deep.equal({ type: 3, subtype: 1, server, data: line.data })
    expect((line.data as unknown[]).every((text) => typeof text === 'string')).to.equal(true)
    client.send({ type: 1, subtype: 6, server, interface: 2, data: ['say second'] })
    await client.until(({ type, data }) => type === 3 && JSON.stringify(data).includes('second'))
    expect(await ask(5, { stream: 1 })).to.include({ ok: true })
    expect(await ask(6, { interface: 2, data: 'say third' })).to.include({ ok: true })

    const east = await verified('east')
    await east.ask(4, { stream: 1 })
    east.client.send({ type: 1, subtype: 7, server: east.server, interface: 2, command: 'send', args: ['arena', 'say fourth'] })
    const { data } = await east.client.until(({ type, data }) => type === 3 && JSON.stringify(data).includes('fourth'))
    expect((data as unknown[]).at(-1)).to.have.keys('instance', 'line')
    // The instance's own stream was ended before: nothing of all this came to it.
    expect((await client.settled()).filter(({ type }) => type === 3)).to.deep.equal([])
  })

  it('tells players and status at once and at every change', async () => {
    const { client, server, ask } = await verified('arena')
    await ask(4, { stream: 3 })
    client.send({ type: 1, subtype: 6, server, interface: 2, data: 'join ann' })
    expect(await client.until(({ type, data }) => type === 3 && (data as unknown[]).length > 0)).to.deep.equal({ type: 3, subtype: 3, server, data: ['ann'] })
    expect((await ask(7, { interface: 3, command: 'list' })).data).to.deep.equal(['ann'])
    await ask(5, { stream: 3 })
    client.send({ type: 1, subtype: 4, server, stream: 2 })
    expect((await client.until(({ type, subtype }) => type === 3 && subtype === 2)).data[0]).to.include({ name: 'arena', status: 'running', players: 1 })
    client.send({ type: 1, subtype: 7, server, interface: 1, command: 'stop' })
    await client.until(({ type, data }) => type === 3 && data[0].status === 'stopped')
    expect((await ask(6, { interface: 2, data: 'say nobody' }))).to.include({ ok: false, error: 'bad request' })
    client.send({ type: 1, subtype: 7, server, interface: 1, command: 'start', args: [] })
    await client.until(({ type, data }) => type === 3 && data[0].status === 'running')
    expect((await ask(7, { interface: 1, command: 'status' })).data[0]).to.include({ name: 'arena' })
  })

  it('answers a subscribe before the stream begins, also where earlier answers are waited for', async () => {
    const { client, server } = await verified('arena')
    client.sendTogether([
      { type: 1, subtype: 7, server, id: 'slow', interface: 2, command: 'send', args: ['say something'] },
      ...[2, 3].map((stream) => ({ type: 1, subtype: 4, server, id: `stream ${stream}`, stream })),
      // Of a stream that is ended and asked for again it is the later answer that counts.
      { type: 1, subtype: 5, server, id: 'end', stream: 3 },
      { type: 1, subtype: 4, server, id: 'again', stream: 3 },
    ])
    const frames: unknown[] = []
    while (frames.length < 7) frames.push((({ type, subtype, id }) => [type, subtype, ...(id === undefined ? [] : [id as string])])(await client.next()))
    expect(frames).to.deep.equal([[2, 7, 'slow'], [2, 4, 'stream 2'], [3, 2], [2, 4, 'stream 3'], [2, 5, 'end'], [2, 4, 'again'], [3, 3]])
  })

  it('has bad requests for what it does not offer', async () => {
    for (const name of ['arena', 'east']) {
      const { ask } = await verified(name)
      const wrong: readonly (readonly [number, object])[] = [
        [4, {}], [4, { stream: 4 }], [4, { stream: 'console' }], [5, { stream: 0 }], [6, { interface: 1, data: 'x' }], [6, { interface: 2, data: 5 }],
        [6, { interface: 2 }], [6, { interface: 2, data: ['arena', 'two\nlines'] }], [7, {}], [7, { interface: 9, command: 'send' }], [7, { interface: 2, command: 'start' }],
        [7, { interface: 1, command: '__proto__' }], [7, { interface: 1, command: 'start', args: ['arena', 'more'] }], [7, { interface: 1, command: 'stop', args: ['nowhere'] }],
      ]
      for (const [subtype, more] of wrong) expect(await ask(subtype, more), JSON.stringify(more)).to.include({ ok: false, error: 'bad request' })
    }
  })

  it('looks at the token\'s permissions at each request, and ends all when it is revoked, streams too', async () => {
    const viewer = await newToken('viewer')
    const { client, server, ask } = await verified('arena', viewer.token)
    expect(await ask(7, { interface: 2, command: 'send', args: ['say no'] })).to.deep.equal({ type: 2, subtype: 7, server, id: 2, ok: false, error: 'forbidden' })
    expect(await ask(7, { interface: 1, command: 'stop' })).to.include({ error: 'forbidden' })
    expect(await ask(4, { stream: 1 })).to.include({ ok: true })
    await cluster.api(sendRcon, { instance_id: arena, command: 'say seen' })
    await client.until(({ type, data }) => type === 3 && JSON.stringify(data).includes('seen'))
    await cluster.api(revokeToken, { token_id: viewer.info.id })
    const challenge = await client.until(({ type }) => type === 1)
    expect(challenge).to.include({ subtype: 8, server })
    await cluster.api(sendRcon, { instance_id: arena, command: 'say unseen' })
    await cluster.untilConsole(arena, 'unseen')
    expect((await client.settled()).filter(({ type }) => type === 3)).to.deep.equal([])
    expect(await ask(2)).to.include({ error: 'not verified' })
    expect(await ask(1, { answer: cluster.token })).to.include({ ok: true })
    expect(await ask(2)).to.include({ ok: true })
  })

  it('takes a proof instead of the token where one is configured, fresh for every connection', async () => {
    const { token } = await newToken('viewer')
    const set = await runToEnd('master', ['config', 'set', 'gateway.secret', token], { cwd: cluster.directory })
    const providers = await runToEnd('master', ['config', 'set', 'gateway.providers', '[{"name":"away","url":"tcp://127.0.0.1:9","secret":"hush"}]'], { cwd: cluster.directory })
    expect([set.code, providers.code], set.stderr + providers.stderr).to.deep.equal([0, 0])
    const listed = await runToEnd('master', ['config', 'list'], { cwd: cluster.directory })
    expect(listed.stdout).to.not.include('hush')
    const ids = async (): Promise<Record<string, number>> => {
      const client = await connect()
      await client.service('arena')
      client.send({ type: 1, subtype: 0, server: 0 })
      const list = (await (await connect()).next()).data as Frame[]
      return Object.fromEntries(list.map(({ name, id }) => [name, id as number]))
    }
    const before = await ids()
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    const first = await opened('arena')
    const second = await opened('arena')
    const proof = createHmac('sha256', token).update(first.nonce).digest('hex')
    expect(await second.client.ask({ type: 1, subtype: 1, server: second.server, answer: proof })).to.include({ error: 'not verified' })
    expect(await first.client.ask({ type: 1, subtype: 1, server: first.server, answer: proof })).to.include({ ok: true })
    expect(await first.client.ask({ type: 1, subtype: 6, server: first.server, interface: 2, data: 'say x' })).to.include({ error: 'forbidden' })
    expect(await ids()).to.include(before)
  })

  it('shows a slave that is away with its instances, ends what was open, and lists no instance that was deleted', async () => {
    const { id } = await cluster.create('brief')
    const { client, ask } = await verified('brief')
    await ask(4, { stream: 2 })
    await cluster.slave().end('SIGTERM')
    await client.until(({ type, data }) => type === 0 && (data as Frame[]).filter(({ kind }) => kind !== 'external').every(({ online }) => !online))
    expect(await ask(2)).to.include({ ok: false, error: 'service gone' })
    await cluster.startSlave()
    await client.service('brief')
    expect(await ask(2)).to.include({ ok: false, error: 'not connected' })
    await cluster.api(deleteInstance, { instance_id: id })
    await client.until(({ type, data }) => type === 0 && !(data as Frame[]).some(({ name }) => name === 'brief'))
    expect(await ask(2)).to.include({ ok: false, error: 'no such service' })
  })
})
