import { expect } from 'chai'
import { ClusterError } from '../../../lib/plugin.ts'
import type { HookName, Hooks, InstanceInfo } from '../../../lib/plugin.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { startConcierge } from '../../helpers/concierge.ts'
import type { TestConcierge } from '../../helpers/concierge.ts'

const nil = '00000000-0000-0000-0000-000000000000'

function instance(id: number, name: string, more: Partial<InstanceInfo> = {}): InstanceInfo {
  return {
    id, name, template: 'sample', slave: 'east', slave_id: 1, desired: 'running', status: 'running', run: 1, pid: 1, ports: {}, started_at: null, players: [], last_exit: null, problem: null, ...more,
  }
}

describe('The concierge with the cluster\'s instances', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge
  /** Console lines that reached the cluster, or what it does with them. */
  let lines: Array<[instanceId: number, line: string, tokenId: number]>
  let outcome: () => Promise<unknown>
  let emit: <H extends HookName>(hook: H, event: Hooks[H]) => void

  beforeEach(async () => {
    lines = []
    outcome = async () => ({ result: '' })
    const listeners = new Map<HookName, (event: never) => void>()
    emit = (hook, event) => listeners.get(hook)?.(event as never)
    concierge = await startConcierge(cleanups, { instances: true }, {
      adapt: (context) => ({
        ...context,
        on: (hook, listener) => {
          listeners.set(hook, listener)
          return () => { listeners.delete(hook) }
        },
        cluster: {
          ...context.cluster,
          instances: () => [instance(1, 'arena'), instance(2, 'my-server')],
          request: (_type, data, principal) => {
            const { instance_id: instanceId, command } = data as { instance_id: number; command: string }
            context.cluster.require(principal, 'console.send')
            lines.push([instanceId, command, principal.tokenId ?? 0])
            return outcome()
          },
        },
      }),
    })
  })
  afterEach(() => cleanups.run())

  const operator = () => concierge.join('operator', { secret: concierge.tokens.admin.token })

  it('lists them as peers with groups of nobody\'s', async () => {
    const client = await concierge.join('client')
    const clients = (await client.ask({ type: 'CLIENT_FETCH_ALL' })).clients as Array<{ name: string; tags: string[] }>
    expect(clients.map(({ name, tags }) => [name, ...tags])).to.deep.equal([['arena', 'instance', 'sample'], ['my-server', 'instance', 'sample'], ['client']])
    const { groups } = await client.ask({ type: 'GROUP_FETCH_ALL' })
    expect(groups).to.deep.include({ name: 'instance_my-server', nickname: null, owner_uuid: nil, subscribers: [] })
    expect(await client.ask({ type: 'GROUP_DELETE', name: 'instance_arena' })).to.include({ code: 'NO_SUCH_GROUP' })
    expect(await client.ask({ type: 'GROUP_CREATE', name: 'instance_other' })).to.include({ code: 'BAD', seq: 3 })
    expect(await client.ask({ type: 'GROUP_CREATE', name: 'instance_arena' })).to.include({ code: 'GROUP_ALREADY_CREATED' })
  })

  it('passes messages to one on to its console, for those who may', async () => {
    const client = await operator()
    const { clients } = await client.ask({ type: 'CLIENT_FETCH_ALL' })
    const send = (target: object, data: unknown) => client.ask({ type: 'MESSAGE', target, data })
    expect(await send({ type: 'NAME', name: 'arena' }, 'say hi')).to.deep.equal({ type: 'STATUS', code: 'MESSAGE_SENT', seq: 1 })
    expect(await send({ type: 'NAME', name: 'my-server' }, { command: 'stop' })).to.include({ code: 'MESSAGE_SENT' })
    expect(await send({ type: 'UUID', uuid: clients[0].uuid }, 'by uuid')).to.include({ code: 'MESSAGE_SENT' })
    expect(lines.map(([id, line]) => [id, line])).to.deep.equal([[1, 'say hi'], [2, 'stop'], [1, 'by uuid']])
    for (const data of [5, null, [], {}, { command: 5 }, ['x'], true]) expect(await send({ type: 'NAME', name: 'arena' }, data)).to.include({ code: 'PROTOCOL' })
    expect(lines).to.have.length(3)
  })

  it('does not for those who may not, nor when the cluster does not', async () => {
    const message = { type: 'MESSAGE', target: { type: 'NAME', name: 'arena' }, data: 'stop' }
    expect(await (await concierge.join('anybody')).ask(message)).to.include({ code: 'BAD', seq: 0 })
    const viewer = await concierge.join('viewer', { secret: concierge.tokens.viewer.token })
    expect((await viewer.ask(message)).desc).to.contain('console.send')
    const admin = await operator()
    outcome = () => Promise.reject(new ClusterError('slave_not_connected', 'Slave is not connected'))
    expect(await admin.ask(message)).to.deep.equal({ type: 'STATUS', code: 'BAD', desc: 'Slave is not connected', seq: 0 })
    outcome = () => Promise.reject(new Error('secret details'))
    expect((await admin.ask(message)).desc).not.to.contain('secret')
    expect(lines).to.have.length(2)
  })

  it('bounds the lines that are on their way', async () => {
    const client = await operator()
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => { release = resolve })
    outcome = () => gate
    for (let index = 0; index < 65; index += 1) client.send({ type: 'MESSAGE', target: { type: 'NAME', name: 'arena' }, data: `line ${index}` })
    expect(await client.next()).to.include({ code: 'BAD', seq: 64 })
    release()
    const answers = await client.until(({ seq }) => seq === 63)
    expect(answers.map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 64 }, (_, index) => index))
    expect(lines.map(([, line]) => line)).to.deep.equal(Array.from({ length: 64 }, (_, index) => `line ${index}`))
  })

  it('tells the group of each what happens in it', async () => {
    const client = await concierge.join('client')
    await client.ask({ type: 'SELF_SUBSCRIBE', name: 'instance_arena' })
    const arena = instance(1, 'arena', { players: ['alice'] })
    emit('player_joined', { instance: arena, player: 'alice' })
    emit('instance_changed', { instance: arena })
    emit('instance_changed', { instance: arena })
    emit('chat', { instance: arena, player: 'alice', text: 'hello "you"' })
    emit('player_left', { instance: arena, player: 'alice' })
    emit('chat', { instance: instance(2, 'my-server'), player: 'bob', text: 'elsewhere' })
    emit('chat', { instance: instance(9, 'unknown'), player: 'bob', text: 'nowhere' })
    const frames = await client.settled()
    expect(frames.map(({ data }) => data)).to.deep.equal([
      { event: 'player_joined', player: 'alice' },
      { event: 'status', status: 'running', players: ['alice'] },
      { event: 'chat', player: 'alice', text: 'hello "you"' },
      { event: 'player_left', player: 'alice' },
    ])
    expect(frames[0]).to.deep.include({ type: 'MESSAGE', target: { type: 'GROUP', group: 'instance_arena' } })
    expect(frames[0]?.origin).to.deep.include({ name: 'arena', nickname: null, tags: ['instance', 'sample'] })
    expect(frames[0]?.origin.group).to.deep.equal({ name: 'instance_arena', nickname: null, owner_uuid: nil, subscribers: [client.uuid] })
  })

  it('follows their coming, going and renaming', async () => {
    const client = await concierge.join('client')
    await client.ask({ type: 'SELF_SUBSCRIBE', name: 'instance_arena' })
    emit('instance_changed', { instance: instance(3, 'new') })
    emit('instance_changed', { instance: instance(1, 'renamed') })
    emit('instance_deleted', { instanceId: 3 })
    emit('instance_deleted', { instanceId: 3 })
    expect((await client.settled()).map(({ code, name }) => `${code} ${name}`)).to.deep.equal([
      'CLIENT_JOINED new', 'GROUP_CREATED instance_new',
      'UNSUBSCRIBED instance_arena', 'GROUP_DELETED instance_arena', 'CLIENT_LEFT arena', 'CLIENT_JOINED renamed', 'GROUP_CREATED instance_renamed',
      'GROUP_DELETED instance_new', 'CLIENT_LEFT new',
    ])
  })

  it('closes with 4005 who wants the name of one, and gives an instance its name when the client that has it goes', async () => {
    const rival = await concierge.connect()
    rival.send({ type: 'IDENTIFY', name: 'arena', version: '0.1.0' })
    expect((await rival.closed).code).to.equal(4005)
    const holder = await concierge.join('later')
    const client = await operator()
    emit('instance_changed', { instance: instance(4, 'later') })
    await client.settled()
    await holder.settled()
    const toLater = { type: 'MESSAGE', target: { type: 'NAME', name: 'later' }, data: 'secret line' }
    expect(await client.ask(toLater), 'of one who may have meant the instance').to.include({ code: 'BAD' })
    expect(await (await concierge.join('anybody')).ask(toLater), 'of one who can only have meant the client').to.include({ code: 'MESSAGE_SENT' })
    expect((await holder.settled()).filter(({ type }) => type === 'MESSAGE').map(({ origin }) => origin.name)).to.deep.equal(['anybody'])
    const { clients } = (await client.until(({ code }) => code === 'CLIENT_JOINED')) && await client.ask({ type: 'CLIENT_FETCH_ALL' })
    const [first, second] = (clients as Array<{ name: string; uuid: string; tags: string[] }>).filter(({ name }) => name === 'later')
    expect([first!.tags, second!.tags]).to.deep.equal([[], ['instance', 'sample']])
    expect(await client.ask({ ...toLater, target: { type: 'UUID', uuid: first!.uuid }, data: 'to the client' })).to.include({ code: 'MESSAGE_SENT' })
    expect((await holder.settled()).at(-1)).to.deep.include({ data: 'to the client' })
    expect(lines).to.deep.equal([])
    await client.ask({ ...toLater, target: { type: 'UUID', uuid: second!.uuid }, data: 'by uuid' })
    await holder.close()
    await client.until(({ code }) => code === 'CLIENT_LEFT')
    await client.ask({ type: 'MESSAGE', target: { type: 'NAME', name: 'later' }, data: 'to the game' })
    expect(lines.map(([id, line]) => [id, line])).to.deep.equal([[4, 'by uuid'], [4, 'to the game']])
  })

  it('has no files of an instance', async () => {
    const client = await concierge.join('client')
    const { clients } = await client.ask({ type: 'CLIENT_FETCH_ALL' })
    const ask = async (key: string) => (await concierge.fetchFile('arena/x', { headers: { 'x-fs-key': key } })).status
    expect(await ask(client.uuid)).to.equal(404)
    expect(await ask(clients[0].uuid)).to.equal(401)
  })
})
