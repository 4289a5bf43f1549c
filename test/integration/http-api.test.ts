import { expect } from 'chai'
import { errorCodes } from '../../lib/errors/codes.ts'
import { createToken, getMasterStatus } from '../../lib/link/messages/cluster.ts'
import { messages } from '../../lib/link/messages/index.ts'
import { createInstance, listInstances, startInstance } from '../../lib/link/messages/instances.ts'
import { Registry } from '../../lib/link/registry.ts'
import { corralVersion } from '../../lib/version.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'

const requests = new Registry(Object.values(messages)).requestsOn('control-master')

describe('the HTTP API', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let viewer: string
  before(async () => {
    cluster = await TestCluster.start(cleanups)
    viewer = (await cluster.api(createToken, { name: 'eyes', role: 'viewer' })).token
  })
  after(() => cleanups.run())

  async function post(type: string, body: string | Buffer, { token = cluster.token, headers = {} } = {}): Promise<{ status: number; body: { error?: { code: string; message: string } } }> {
    const response = await fetch(`${cluster.url}/api/v1/${type}`, {
      method: 'POST', body, headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers },
    })
    return { status: response.status, body: await response.json() as { error?: { code: string; message: string } } }
  }

  it('wants a good token', async () => {
    for (const [token, headers] of [['', {}], ['corral_wrong', {}], ['', { authorization: 'Basic YTpi' }], ['', { authorization: 'Bearer' }]] as const) {
      const { status, body } = await post('list_slaves', '{}', { token, headers })
      expect(status).to.equal(401)
      expect(body.error?.code).to.equal('unauthenticated')
    }
    expect((await post('list_slaves', '')).status).to.equal(200)
  })

  it('answers each error with the status of its row and a code', async () => {
    const cases: Array<[type: string, body: string, code: keyof typeof errorCodes]> = [
      ['no_such_type', '{}', 'unknown_type'],
      ['hello', '{}', 'unknown_type'],
      ['assign_instance', '{}', 'unknown_type'],
      ['set_status_subscription', '{"enabled":true}', 'unknown_type'],
      ['start_instance', '{"instance_id":"1"}', 'invalid_request'],
      ['start_instance', '{"instance_id":1,"extra":true}', 'invalid_request'],
      ['start_instance', '[]', 'invalid_request'],
      ['start_instance', '{"instance_id":77}', 'not_found'],
      ['list_slaves', '{"a":', 'malformed'],
      ['list_slaves', 'null', 'invalid_request'],
      ['list_slaves', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'malformed'],
      ['create_instance', '{"name":"a b","template":"sample"}', 'invalid_name'],
      ['create_instance', '{"name":"ok","template":"sample","variables":{"nope":1}}', 'invalid_variable'],
    ]
    for (const [type, body, code] of cases) {
      const answer = await post(type, body)
      expect(answer.body.error?.code, `${type} ${body.slice(0, 60)}`).to.equal(code)
      expect(answer.status, `${type} ${body.slice(0, 60)}`).to.equal(errorCodes[code].http)
    }
  })

  it('names the field that does not fit', async () => {
    const { body } = await post('start_instance', '{"instance_id":"one"}')
    expect(body.error?.message).to.include('instance_id')
  })

  it('refuses what is too large, no text, or not sent with POST', async () => {
    expect((await post('list_slaves', Buffer.alloc(5 * 1_048_576, 32))).status).to.equal(413)
    expect((await post('list_slaves', Buffer.from([0xff, 0xfe, 0x00]))).body.error?.code).to.be.oneOf(['malformed', 'invalid_request'])
    const get = await fetch(`${cluster.url}/api/v1/list_slaves`, { headers: { authorization: `Bearer ${cluster.token}` } })
    expect(get.status).to.equal(405)
    expect(get.headers.get('allow')).to.equal('POST')
    expect((await fetch(`${cluster.url}/nowhere`)).status).to.equal(404)
  })

  it('lets a viewer read and refuses it everything else, whatever the request holds', async () => {
    for (const { type, permission, isLinkOnly } of requests) {
      if (isLinkOnly) continue
      const { status, body } = await post(type, '{}', { token: viewer })
      const mayRead = ['none', 'cluster.read', 'slave.read', 'instance.read', 'console.read', 'template.read', 'user.read'].includes(permission)
      if (mayRead) expect(body.error?.code, type).to.not.equal('forbidden')
      else expect({ status, code: body.error?.code }, type).to.deep.equal({ status: 403, code: 'forbidden' })
    }
  })

  it('does the same work once for the same idempotency key', async () => {
    const body = JSON.stringify({ name: 'once', template: 'sample' })
    const [first, second] = await Promise.all([1, 2].map(() => post('create_instance', body, { headers: { 'idempotency-key': 'key-1' } })))
    const third = await post('create_instance', body, { headers: { 'idempotency-key': 'key-1' } })
    expect(third.status).to.equal(200)
    expect([first?.status, second?.status]).to.deep.equal([200, 200])
    const { list } = await cluster.api(listInstances, {})
    expect(list.filter(({ name }) => name === 'once')).to.have.length(1)
    expect((await post('create_instance', body)).body.error?.code).to.equal('name_in_use')
  })

  it('is described by an OpenAPI document that has each request of the registry and no other', async () => {
    const document = await (await fetch(`${cluster.url}/api/openapi.json`)).json() as {
      openapi: string
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: unknown }> } } }>
    }
    expect(document.openapi).to.equal('3.1.0')
    const expected = requests.filter(({ isLinkOnly }) => !isLinkOnly).map(({ type }) => `/api/v1/${type}`)
    expect(Object.keys(document.paths)).to.have.members(expected)
    const { schema } = document.paths[`/api/v1/${createInstance.type}`]?.post.requestBody.content['application/json'] ?? {}
    expect(schema).to.deep.equal(JSON.parse(JSON.stringify(createInstance.request)))
  })

  it('tells its health without a token', async () => {
    const response = await fetch(`${cluster.url}/health`)
    expect(response.status).to.equal(200)
    expect(await response.json()).to.deep.equal({ status: 'ok', version: corralVersion() })
  })

  it('gives figures for Prometheus that follow what happens', async () => {
    const metric = async (line: RegExp): Promise<number> => {
      const text = await (await fetch(`${cluster.url}/metrics`)).text()
      return Number(line.exec(text)?.[1] ?? 0)
    }
    const { id } = await cluster.create('counted')
    const before = await metric(/^corral_requests_total\{type="start_instance",result="ok"\} (\d+)$/m)
    await cluster.api(startInstance, { instance_id: id, wait: true })
    expect(await metric(/^corral_requests_total\{type="start_instance",result="ok"\} (\d+)$/m)).to.equal(before + 1)
    await cluster.until(id, ({ status }) => status === 'running')
    expect(await metric(/^corral_instances\{status="running"\} (\d+)$/m)).to.equal(1)
    expect(await metric(/^corral_slaves\{connected="true"\} (\d+)$/m)).to.equal(1)
    await post('made_up_type', '{}')
    expect(await metric(/^corral_requests_total\{type="made_up_type".*\} (\d+)$/m), 'names of callers make no series').to.equal(0)
  })

  it('tells the state of the master', async () => {
    const status = await cluster.api(getMasterStatus, {})
    expect(status).to.include({ version: corralVersion(), url: cluster.url, pid: cluster.master.pid })
    expect(status.slaves).to.deep.equal({ total: 1, connected: 1 })
  })
})
