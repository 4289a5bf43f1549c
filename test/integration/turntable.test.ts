import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { TestClient } from '../helpers/turntable-client.ts'

describe('turntable and the games of the cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { master: { 'turntable.enabled': true, 'turntable.player_id': 'game:{player}' } }) })
  after(() => cleanups.run())

  it('shows a player busy while he plays, and online or offline again when he leaves or his game stops', async () => {
    const { id } = await cluster.create('arena')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const url = cluster.url.replace(/^http/, 'ws')
    const client = await TestClient.connect(cleanups, url)
    client.send('subscribe', ['game:alice', 'game:bob'])
    expect(await client.expect('userchange')).to.deep.equal({ 'game:alice': 'offline', 'game:bob': 'offline' })

    const say = (command: string): Promise<unknown> => cluster.api(sendRcon, { instance_id: id, command })
    await say('join alice')
    expect(await client.expect('userchange')).to.deep.equal({ 'game:alice': 'busy' })
    await say('leave alice')
    expect(await client.expect('userchange')).to.deep.equal({ 'game:alice': 'offline' })

    await TestClient.user(cleanups, url, 'game:bob')
    expect(await client.expect('userchange')).to.deep.equal({ 'game:bob': 'online' })
    await say('join bob')
    expect(await client.expect('userchange')).to.deep.equal({ 'game:bob': 'busy' })
    await say('join alice')
    expect(await client.expect('userchange')).to.deep.equal({ 'game:alice': 'busy' })
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    const ended = [await client.expect('userchange'), await client.expect('userchange')]
    expect(ended).to.have.deep.members([{ 'game:bob': 'online' }, { 'game:alice': 'offline' }])
    expect(await client.sync()).to.deep.equal([])
  })

  it('knows who plays after the master has started again', async () => {
    const { id } = await cluster.create('maze')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    await cluster.api(sendRcon, { instance_id: id, command: 'join carol' })
    await cluster.until(id, ({ players }) => players.join() === 'carol')
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.until(id, ({ players }) => players.join() === 'carol')
    const client = await TestClient.connect(cleanups, cluster.url.replace(/^http/, 'ws'))
    client.send('subscribe', ['game:carol'])
    expect(await client.expect('userchange')).to.deep.equal({ 'game:carol': 'busy' })
  })
})
