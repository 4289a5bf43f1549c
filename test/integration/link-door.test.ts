import { expect } from 'chai'
import { connect } from 'node:net'
import { once } from 'node:events'
import { createJoinToken, joinSlave, listSlaves } from '../../lib/link/messages/slaves.ts'
import { getMasterStatus } from '../../lib/link/messages/cluster.ts'
import { BasePeer } from '../helpers/base-peer.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'

const malformed: Array<[what: string, frame: string | Buffer]> = [
  ['no JSON', 'hello?'],
  ['cut JSON', '{"seq":1,"type":"register_control","data":{'],
  ['an empty frame', ''],
  ['an array', '[]'],
  ['null', 'null'],
  ['a seq that is no integer', '{"seq":1.5,"type":"x","data":{}}'],
  ['a key too many', '{"seq":1,"type":"x","data":{},"extra":1}'],
  ['data that is no object', '{"seq":1,"type":"x","data":7}'],
  ['deep nesting', `{"seq":1,"type":"x","data":{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}}`],
  ['bytes', Buffer.from([0xff, 0x00, 0xfe])],
  ['__proto__', '{"seq":1,"type":"__proto__","data":{"__proto__":{"polluted":true}}}'],
]

describe('the link door of a running master', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  const peers: BasePeer[] = []
  before(async () => { cluster = await TestCluster.start(cleanups, { master: { 'limits.handshake_ms': 400, 'limits.failed_logins_per_minute': 10_000 } }) })
  after(() => cleanups.run())
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.terminate()
    expect(cluster.master.isRunning).to.equal(true)
    expect((await cluster.api(getMasterStatus, {})).slaves.connected, 'nobody else is touched').to.equal(1)
  })

  function kept(peer: BasePeer): BasePeer {
    peers.push(peer)
    return peer
  }

  const control = async (): Promise<BasePeer> =>
    kept(await BasePeer.register(cluster.url, 'register_control', { token: cluster.token, agent: 'test', version: '2.0.0' }))

  async function newSlave(name: string): Promise<{ id: number; token: string; agent: string; version: string; name: string }> {
    const { token } = await cluster.api(createJoinToken, {})
    const slave = await cluster.api(joinSlave, { name }, { token })
    return { token: slave.token, agent: 'Clusterio Slave', version: '2.0.0', id: slave.id, name }
  }

  it('greets peers of the base dialect with exactly the keys that the document has', async () => {
    const peer = await control()
    expect(peer.frames).to.deep.equal([{ seq: 1, type: 'hello', data: { version: '2.0.0' } }, { seq: 2, type: 'ready', data: {} }])
    const list = await peer.ask('list_slaves', {})
    expect(Object.keys(list)).to.have.members(['seq', 'list'])
    const [slave] = list['list'] as object[]
    expect(Object.keys(slave ?? {})).to.have.members(['agent', 'version', 'name', 'id', 'connected'])
    const { id } = await cluster.create('based')
    expect(await peer.ask('start_instance', { instance_id: id })).to.have.all.keys('seq')
    expect(await cluster.state(id)).to.include({ status: 'running' })
    expect(await peer.ask('start_instance', { instance_id: 77 })).to.deep.equal({ seq: 4, error: 'Instance with ID 77 does not exist' })
    expect(await peer.ask('stop_instance', { instance_id: id })).to.have.all.keys('seq')
  })

  for (const [what, frame] of malformed) {
    it(`ends a connection that begins with ${what}`, async () => {
      const peer = kept(await BasePeer.connect(cluster.url))
      peer.raw(frame)
      expect(await peer.untilClosed()).to.equal('Invalid handshake')
    })

    it(`ends the connection of a control that sends ${what}`, async () => {
      const peer = await control()
      peer.raw(frame)
      expect(await peer.untilClosed()).to.match(/^Invalid message: /)
    })
  }

  it('says what was wrong with a message of the base dialect', async () => {
    for (const [type, data, reason] of [
      ['no_such_request', {}, 'Invalid message: No validator for no_such_request on master-control'],
      ['assign_instance_request', {}, 'Invalid message: No validator for assign_instance_request on master-control'],
      ['start_instance_request', { instance_id: 'one' }, 'Invalid message: Validation failed for start_instance_request'],
      ['list_slaves_request', { extra: 1 }, 'Invalid message: Validation failed for list_slaves_request'],
    ] as const) {
      const peer = await control()
      peer.send(type, data)
      expect(await peer.untilClosed(), type).to.equal(reason)
    }
  })

  it('lets nobody in with a wrong token, a slave\'s token for another slave, or a request before registering', async () => {
    const slave = await newSlave('forger')
    const attempts: Array<[string, object, string]> = [
      ['register_control', { token: 'wrong', agent: 'x', version: '2.0.0' }, 'Authentication failed'],
      ['register_slave', { ...slave, id: 1 }, 'Authentication failed'],
      ['register_slave', { ...slave, token: cluster.token }, 'Authentication failed'],
      ['register_control', { token: slave.token, agent: 'x', version: '2.0.0' }, 'Authentication failed'],
      ['register_control', { agent: 'x', version: '2.0.0' }, 'Invalid handshake'],
      ['list_slaves_request', {}, 'Invalid handshake'],
    ]
    for (const [type, data, reason] of attempts) {
      const peer = kept(await BasePeer.register(cluster.url, type, data))
      expect(await peer.untilClosed(), type).to.equal(reason)
    }
  })

  it('ends connections that do not register in time', async () => {
    const silent = kept(await BasePeer.connect(cluster.url))
    expect(await silent.untilClosed()).to.equal('Invalid handshake')
  })

  it('gives the link of a slave to its newest connection and tells the older', async () => {
    const registration = await newSlave('twice')
    const first = kept(await BasePeer.register(cluster.url, 'register_slave', registration))
    expect(first.frames.at(-1)).to.include({ type: 'ready' })
    await cluster.untilConnected('twice', true)
    const second = kept(await BasePeer.register(cluster.url, 'register_slave', registration))
    expect(await first.untilClosed()).to.equal('Registered from another connection')
    expect(second.frames.at(-1)).to.include({ type: 'ready' })
    const { list } = await cluster.api(listSlaves, {})
    expect(list.find(({ name }) => name === 'twice')).to.include({ connected: true, agent: 'Clusterio Slave' })
    second.terminate()
    await cluster.untilConnected('twice', false)
  })

  it('outlives peers that cut the connection or send no HTTP at all', async () => {
    const { port } = new URL(cluster.url)
    for (const text of ['\0\0\0\0', 'GET /api/socket HTTP/1.1\r\nUpgrade: websocket\r\n', 'GET / HTTP/9.9\r\n\r\n', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`]) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(text)
      socket.resetAndDestroy()
    }
    const half = await control()
    half.send('list_slaves_request', {})
    half.terminate()
    await eventually(async () => expect((await cluster.api(getMasterStatus, {})).controls).to.equal(0))
  })

  it('takes frames up to its limit and ends who sends larger ones', async () => {
    const peer = await control()
    peer.raw(Buffer.alloc(5 * 1_048_576, 32))
    await peer.untilClosed()
    expect(peer.closedWith).to.equal(1009)
  })
})
