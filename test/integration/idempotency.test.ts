import { expect } from 'chai'
import type { RequestDefinition, RequestOf, ResponseOf } from '../../lib/link/define.ts'
import { createToken, listTokens } from '../../lib/link/messages/cluster.ts'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { createInstance, listInstances, startInstance } from '../../lib/link/messages/instances.ts'
import { createJoinToken, joinSlave, listSlaves } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'

describe('requests with an idempotency key', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  async function send<D extends RequestDefinition>({ type }: D, data: RequestOf<D>, key: string, token = cluster.token): Promise<{ status: number; body: ResponseOf<D> & { error?: { code: string } } }> {
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': key }
    const answer = await fetch(new URL(`/api/v1/${type}`, cluster.url), { method: 'POST', headers, body: JSON.stringify(data) })
    return { status: answer.status, body: await answer.json() as ResponseOf<D> & { error?: { code: string } } }
  }

  it('are done once, one after the other and at once', async () => {
    const [first, second] = [await send(createToken, { name: 'once' }, 'K1'), await send(createToken, { name: 'once' }, 'K1')]
    expect(second).to.deep.equal(first)
    const made = await Promise.all(['K2', 'K2', 'K2'].map((key) => send(createInstance, { name: 'once', template: 'sample' }, key)))
    expect(made.map(({ body }) => body.instance?.id)).to.deep.equal(Array(3).fill(made[0]?.body.instance?.id))
    const { token } = await cluster.api(createJoinToken, { uses: 5 })
    const joined = [await send(joinSlave, { name: 'once' }, 'K3', token), await send(joinSlave, { name: 'once' }, 'K3', token)]
    expect(joined[1]).to.deep.equal(joined[0])
    expect((await cluster.api(listTokens, {})).list.find(({ uses_left: left }) => left !== null && left > 1)?.uses_left).to.equal(4)
    expect((await cluster.api(listSlaves, {})).list.filter(({ name }) => name === 'once')).to.have.length(1)
  })

  it('are answered with the error of the first, until that may be tried again', async () => {
    const taken = { name: 'taken', template: 'sample' }
    await cluster.create('taken')
    expect((await send(createInstance, taken, 'E1')).body.error?.code).to.equal('name_in_use')
    expect((await send(createInstance, taken, 'E1')).body.error?.code).to.equal('name_in_use')
    await cluster.slave().end('SIGTERM')
    await cluster.untilConnected('east', false)
    const anywhere = { name: 'anywhere', template: 'sample' }
    expect((await send(createInstance, anywhere, 'E2')).body.error?.code).to.equal('slave_not_connected')
    await cluster.startSlave()
    expect((await send(createInstance, anywhere, 'E2')).status).to.equal(200)
  })

  it('are refused where the key was used for another request, which does not concern other tokens', async () => {
    const { id } = await cluster.create('talked-to')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const other = await cluster.api(createToken, { name: 'other' })
    expect((await send(createInstance, { name: 'k-one', template: 'sample' }, 'C1')).status).to.equal(200)
    expect((await send(createInstance, { name: 'k-two', template: 'sample' }, 'C1')).body.error?.code).to.equal('conflict')
    expect((await send(createInstance, { name: 'k-two', template: 'sample' }, 'C1', other.token)).body.instance?.name).to.equal('k-two')
    const say = (text: string) => ({ instance_id: id, command: `say ${text}` })
    expect((await send(sendRcon, say('mine'), 'C2')).status).to.equal(200)
    expect((await send(sendRcon, say('yours'), 'C2', other.token)).status).to.equal(200)
    expect((await send(sendRcon, say('another'), 'C2')).body.error?.code).to.equal('conflict')
    await cluster.untilConsole(id, 'server>: yours')
  })

  it('make no second instance and leave no token behind that nobody has, though the master was killed in between', async () => {
    const instance = await send(createInstance, { name: 'kept', template: 'sample' }, 'R1')
    const lost = await send(createToken, { name: 'kept' }, 'R2')
    await cluster.master.end('SIGKILL')
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    expect((await send(createInstance, { name: 'kept', template: 'sample' }, 'R1')).body.instance?.id).to.equal(instance.body.instance?.id)
    expect((await send(createInstance, { name: 'more', template: 'sample' }, 'R1')).body.error?.code).to.equal('conflict')
    expect((await cluster.api(listInstances, {})).list.filter(({ name }) => name === 'kept' || name === 'more')).to.have.length(1)
    const again = await send(createToken, { name: 'kept' }, 'R2')
    expect(again.status).to.equal(200)
    const { list } = await cluster.api(listTokens, {})
    expect(list.filter(({ name }) => name === 'kept').map(({ id }) => id)).to.deep.equal([again.body.info.id])
    expect(again.body.info.id).to.not.equal(lost.body.info.id)
  })

  it('are offered by the API only where they count', async () => {
    const { paths } = await (await fetch(new URL('/api/openapi.json', cluster.url))).json() as { paths: Record<string, { post: { parameters?: Array<{ name: string }> } }> }
    const parametersOf = (type: string): string[] => paths[`/api/v1/${type}`]?.post.parameters?.map(({ name }) => name) ?? []
    for (const type of ['create_instance', 'start_instance', 'create_token', 'join_slave']) expect(parametersOf(type), type).to.deep.equal(['Idempotency-Key'])
    for (const type of ['list_instances', 'read_console', 'get_master_status']) expect(parametersOf(type), type).to.deep.equal([])
  })
})
