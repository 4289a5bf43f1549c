import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { BaseSlave, configOf } from '../../helpers/base-slave.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'
import { ForeignMaster } from '../../helpers/foreign-master.ts'
import type { ForeignPeer } from '../../helpers/foreign-peer.ts'
import { runToEnd } from '../../helpers/program.ts'
import type { Finished } from '../../helpers/program.ts'
import { corralVersion } from '../../../lib/version.ts'

describe('Our slave towards a foreign master: handshake, faults and ends', () => {
  const cleanups = new Cleanups()
  let master: ForeignMaster
  let slave: BaseSlave
  before(async () => {
    master = await ForeignMaster.start(cleanups)
    slave = await BaseSlave.start(cleanups, master)
  })
  after(() => cleanups.run())

  /** What the slave says after something that it must not be told, and that it comes back. */
  async function faultOf(say: (peer: ForeignPeer) => void): Promise<string> {
    const peer = await master.untilSlave(7)
    say(peer)
    await eventually(() => expect(peer.goodbye).to.be.a('string'))
    await master.untilSlave(7, peer)
    return String(peer.goodbye)
  }

  it('is joined with an id, and with nothing that only a Corral master has', async () => {
    const joined = (...args: string[]): Promise<Finished> => runToEnd('slave', ['join', master.url, 'x', '--config', 'other.json', ...args], { cwd: slave.directory })
    for (const [args, text] of [
      [['--dialect', 'base'], /--dialect base needs --id/], [['--dialect', 'base', '--id', '1.5'], /--id must be a whole number/],
      [['--dialect', 'base', '--id', '5', '--label', 'a=b'], /--label is for Corral masters/], [['--id', '5'], /--id goes with --dialect base/],
    ] as const) {
      const { code, stderr } = await joined(...args)
      expect(code, args.join(' ')).to.equal(2)
      expect(stderr).to.match(text)
    }
    expect(await joined('--dialect', 'base', '--id', '-5', '--name', 'my slave')).to.include({ code: 0 })
    expect(JSON.parse(await readFile(join(slave.directory, 'other.json'), 'utf8'))).to.include({ master_url: master.url, token: 'x', id: -5, name: 'my slave', dialect: 'base' })
  })

  it('registers, tells what it has, and says nothing more', async () => {
    const peer = await master.untilSlave(7)
    await eventually(() => expect(peer.wire).to.have.length(4))
    expect(peer.wire).to.deep.equal([
      '> {"seq":1,"type":"hello","data":{"version":"2.0.0"}}',
      `< {"seq":1,"type":"register_slave","data":{"token":"foreign-token","agent":"Corral ${corralVersion()}","version":"2.0.0","id":7,"name":"east"}}`,
      '> {"seq":2,"type":"ready","data":{}}',
      '< {"seq":2,"type":"update_instances_event","data":{"instances":[]}}',
    ])
  })

  it('takes binary frames with JSON, and any integer as seq', async () => {
    const peer = await master.untilSlave(7)
    const sent = peer.wire.length
    peer.raw(Buffer.from('{"seq":-5,"type":"start_instance_request","data":{"instance_id":404}}'))
    await eventually(() => expect(peer.wire.slice(sent)).to.have.length(2))
    expect(peer.wire[sent]).to.equal('< {"seq":3,"type":"start_instance_response","data":{"seq":-5,"error":"Instance with ID 404 does not exist"}}')
    // The answer is to nothing that this master has asked in order.
    await master.untilSlave(7, peer)
  })

  it('gives the page\'s reason for every fault, and comes back', async () => {
    const frame = (type: string, data: unknown): string => JSON.stringify({ seq: 3, type, data })
    const faults: Array<readonly [string, string]> = [
      ['{', 'Invalid message: Malformed'],
      ['{"seq":3,"type":"start_instance_request","data":{"instance_id":1},"more":1}', 'Invalid message: Malformed'],
      ['{"seq":"3","type":"start_instance_request","data":{"instance_id":1}}', 'Invalid message: Malformed'],
      [frame('nonsense_request', {}), 'Invalid message: No validator for nonsense_request on slave-master'],
      [frame('list_slaves_request', {}), 'Invalid message: No validator for list_slaves_request on slave-master'],
      [frame('restart_instance_request', { instance_id: 1 }), 'Invalid message: No validator for restart_instance_request on slave-master'],
      [frame('set_instance_output_subscriptions_request', { instance_ids: [] }), 'Invalid message: No validator for set_instance_output_subscriptions_request on slave-master'],
      [frame('update_instances_event', { instances: [] }), 'Invalid message: No validator for update_instances_event on slave-master'],
      [frame('start_instance_request', { instance_id: '1' }), 'Invalid message: Validation failed for start_instance_request'],
      [frame('start_instance_request', { instance_id: 1, wait: true }), 'Invalid message: Validation failed for start_instance_request'],
      [frame('assign_instance_request', { instance_id: 1, serialized_config: { groups: {} } }), 'Invalid message: Validation failed for assign_instance_request'],
      [frame('start_instance_response', { seq: 99 }), 'Invalid message: No validator for start_instance_response on slave-master'],
    ]
    for (const [text, reason] of faults) expect(await faultOf((peer) => peer.raw(text)), text).to.equal(reason)
  })

  it('tries again with each end of the connection that is not its own', async () => {
    for (const end of [(peer: ForeignPeer) => peer.close('shutdown'), (peer: ForeignPeer) => peer.close('Registered from another connection'), (peer: ForeignPeer) => peer.terminate()]) {
      const peer = await master.untilSlave(7)
      end(peer)
      const next = await master.untilSlave(7, peer)
      expect(next.frames.map(({ seq, type }) => [seq, type])).to.deep.equal([[1, 'register_slave'], [2, 'update_instances_event']])
    }
  })

  it('waits for a master that is away, however often it fails', async () => {
    await master.stop()
    await eventually(() => expect(slave.program.log).to.match(/nothing listens there/))
    await master.listen()
    await master.untilSlave(7, master.peers.at(-1))
  })

  it('bears whatever answers at the address, and knows its master again when that is there', async () => {
    const greetings = [
      '', '[', '{}', 'x'.repeat(2_000_000), '['.repeat(100_000), '{"seq":1,"type":"ready","data":{}}', '{"seq":1,"type":"hello","data":{}}', '{"seq":1,"type":"hello","data":null}',
      '{"seq":1,"type":"close","data":{}}', '{"seq":1,"type":"close","data":{"reason":{"toString":1}}}', '{"seq":1,"type":"close","data":{"reason":"Invalid handshake"}}',
    ]
    await master.stop()
    const nonsense = new WebSocketServer({ port: master.port, host: '127.0.0.1' })
    let count = 0
    nonsense.on('connection', (socket) => {
      socket.on('error', () => {})
      socket.send(greetings[count % greetings.length] ?? '')
      count += 1
    })
    await eventually(() => expect(count).to.be.above(greetings.length), { deadlineMs: 20_000 })
    for (const socket of nonsense.clients) socket.terminate()
    await new Promise((resolve) => { nonsense.close(resolve) })
    await master.listen()
    await master.untilSlave(7, master.peers.at(-1))
  }).timeout(40_000)

  it('says "shutdown" when it is stopped', async () => {
    const peer = await master.untilSlave(7)
    expect((await slave.program.end('SIGTERM')).code).to.equal(0)
    await eventually(() => expect(peer.goodbye).to.equal('shutdown'))
    expect(peer.fault).to.equal(undefined)
    await slave.run()
  })

  it('takes a refused token for final: its games go on, and no more tries are made until it is started anew', async () => {
    await master.untilSlave(7)
    await master.assign(7, configOf(1, 'outliving', null, { template: 'sample' }))
    await slave.peer.ask('start_instance', { instance_id: 1 })
    const connections = master.peers.length
    master.token = 'another'
    master.cut()
    await slave.program.untilLog(/does not accept this slave's token.*no more tries/)
    expect(master.peers).to.have.length(connections + 1)
    const [refused] = master.peers.slice(-1)
    expect(refused?.wire.at(-1)).to.equal('> {"seq":2,"type":"close","data":{"reason":"Authentication failed"}}')
    expect(slave.program.isRunning).to.equal(true)
    const games = slave.gameProcesses()
    expect(games).to.have.length(1)
    await slave.program.end('SIGTERM')
    await slave.configure({ token: 'another' })
    await slave.run()
    await master.untilSlave(7)
    expect(slave.gameProcesses()).to.deep.equal(games)
    expect(master.peers).to.have.length(connections + 2)
  })
})
