import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { listPlugins } from '../../lib/link/messages/plugins.ts'
import type { PluginInfo } from '../../lib/link/messages/plugins.ts'
import { postJson } from '../../lib/net/post-json.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { placePlugin } from '../helpers/plugin-package.ts'
import { runToEnd } from '../helpers/program.ts'

/** A plugin that throws wherever it is let to. */
const hazard = (name: string): string => `
import { createRequire } from 'node:module'
import { defineEvent, definePlugin, defineRequest, integerField, Type } from 'corral/plugin'

const routesOf = { fail: ['control-master'], fail_slave: ['control-master', 'master-slave'], fail_instance: ['control-master', 'master-slave', 'slave-instance'] }
const request = (type, forward) => defineRequest({
  type: '${name}:' + type, summary: 'Fails.', routes: routesOf[type], permission: 'plugin.use', ...(forward ? { forward } : {}),
  request: Type.Object({ how: Type.String(), ...(forward ? { [forward]: Type.Integer() } : {}) }), response: Type.Object({}),
})
const requests = { fail: request('fail'), fail_slave: request('fail_slave', 'slave_id'), fail_instance: request('fail_instance', 'instance_id') }
const down = defineEvent({ type: '${name}:down', summary: 'Fails.', routes: ['master-slave'], data: Type.Object({}) })

const ways = {
  throw: () => { throw new Error('thrown') },
  reject: async () => { throw new Error('rejected') },
  timer: () => { setTimeout(() => { throw new Error('in a timer') }) },
  tick: () => { process.nextTick(() => { throw new Error('in a tick') }) },
  microtask: () => { queueMicrotask(() => { throw new Error('in a microtask') }) },
  promise: () => { void Promise.reject(new Error('in a promise')) },
  late: () => { void (async () => { await new Promise((resolve) => setTimeout(resolve, 1)); throw new Error('late') })() },
  stray: () => { setInterval(() => { throw new Error('in a stray timer') }, 5) },
  none: () => {},
}
const fail = (clock) => async ({ how }) => {
  if (how === 'clock') clock.after(0, ways.throw)
  else if (how === 'interval') clock.every(1, ways.throw)
  else await ways[how]()
  return {}
}

export const plugin = definePlugin({
  name: '${name}', version: '1.0.0', description: 'Fails.',
  config: { port: integerField({ default: 0, description: 'Where it listens.' }) },
  messages: [requests.fail, requests.fail_slave, requests.fail_instance, down],
  master: async ({ answer, on, route, webSocket, listen, gauge, clock, onStop, config, log, slavePart, cluster }) => {
    answer(requests.fail, async (data) => {
      if (data.how === 'down') slavePart(cluster.slaves()[0].id).emit(down, {})
      else await fail(clock)(data)
      return {}
    })
    on('chat', ways.throw)
    on('chat', ways.reject)
    on('console_line', ways.throw)
    gauge('broken', 'Throws.', () => { throw new Error('no figure') })
    route('/${name}', (request, response, next) => {
      if (request.path === '/throw') throw new Error('in a route')
      if (request.path === '/body') request.on('data', () => { throw new Error('in a body') })
      else if (request.path === '/hang') response.write('begun')
      else Promise.reject(new Error('in a promise of a route')).catch(next)
    })
    webSocket({ path: '/${name}/upgrade', upgrade: () => { throw new Error('in an upgrade') } })
    webSocket({ path: '/${name}/socket', upgrade: (request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: x\\r\\nConnection: Upgrade\\r\\n\\r\\n')
      socket.on('data', () => { throw new Error('in a socket') })
    } })
    const { port } = await listen({ host: '127.0.0.1', port: config.port }, (socket) => {
      socket.on('data', () => { throw new Error('in a connection') })
    })
    log.info('${name} listens on ' + port)
    onStop(() => { throw new Error('in a stop') })
  },
  slave: ({ answer, accept, on, clock }) => {
    answer(requests.fail_slave, fail(clock))
    accept(down, ways.throw)
    for (const hook of ['chat', 'instance_changed', 'run_started', 'console_line', 'shutdown']) on(hook, ways.throw)
  },
  instance: ({ answer, on, clock }) => {
    answer(requests.fail_instance, fail(clock))
    on('chat', ways.throw)
  },
})`

const names = ['hazard', 'clock', 'interval', 'timer', 'tick', 'microtask', 'promise', 'late', 'stray']

describe('A plugin that throws', function () {
  this.timeout(60_000)
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let instance: number

  before(async () => {
    cluster = await TestCluster.start(cleanups, { master: { plugin_packages: names.map((name) => `corral-${name}`), ...Object.fromEntries(names.map((name) => [`${name}.enabled`, true])) } })
    for (const name of names) {
      for (const directory of ['data', 'data-east']) await placePlugin(join(cluster.directory, directory), name, hazard(name))
    }
    await cluster.slave().end('SIGTERM')
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.startSlave()
    await cluster.slave().untilLog(/Plugin stray 1\.0\.0 runs/)
    instance = (await cluster.create('arena')).id
    await cluster.api(startInstance, { instance_id: instance, wait: true })
    await cluster.api(sendRcon, { instance_id: instance, command: 'join alice' })
    await cluster.until(instance, ({ players }) => players.includes('alice'))
  })
  after(() => cleanups.run())

  const request = (name: string, type: string, data: object): Promise<unknown> => postJson(new URL(`/api/v1/${name}:${type}`, cluster.url), data, { token: cluster.token })
  const failure = (name: string, type: string, data: object): Promise<string> => request(name, type, data).then(() => 'none', (error: { code: string }) => error.code)
  const refusal = (name: string, type: string, data: object): Promise<string> => request(name, type, data).then(() => 'none', ({ code, message }: { code: string; message: string }) => `${code}: ${message}`)

  async function info(name: string): Promise<PluginInfo> {
    const found = (await cluster.api(listPlugins, {})).list.find((plugin) => plugin.name === name)
    if (!found) throw new Error(`There is no plugin ${name}`)
    return found
  }

  /** Does something, and gives the plugin as it is once a failure with this text was noted. */
  async function failing(name: string, message: string, work: () => Promise<unknown>): Promise<PluginInfo> {
    const { failures } = await info(name)
    await work()
    return eventually(async () => {
      const now = await info(name)
      if (now.failures <= failures || now.last_failure?.message !== message) throw new Error(JSON.stringify(now))
      return now
    }, { deadlineMs: 10_000, what: `The failure "${message}" of ${name}` })
  }

  async function http(path: string, options: RequestInit = {}): Promise<number> {
    return (await fetch(new URL(path, cluster.url), options)).status
  }

  /** Sends bytes and resolves when the connection was ended. */
  async function ended(port: number, ...texts: string[]): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port })
    let read = ''
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => {
      read += data.toString()
      const next = texts.shift()
      if (next !== undefined) socket.write(next)
    })
    socket.write(texts.shift() ?? '')
    await once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
    return read
  }

  const port = (): number => Number(new URL(cluster.url).port)
  const upgrade = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`

  it('for a caller gives that caller an error, is reported, and runs on', async () => {
    expect((await failing('hazard', 'thrown', async () => expect(await failure('hazard', 'fail', { how: 'throw' })).to.equal('internal'))).running).to.equal(true)
    await failing('hazard', 'rejected', async () => expect(await failure('hazard', 'fail', { how: 'reject' })).to.equal('internal'))
    await failing('hazard', 'in a route', async () => expect(await http('/hazard/throw')).to.equal(500))
    await failing('hazard', 'in a promise of a route', async () => expect(await http('/hazard/other')).to.equal(500))
    await failing('hazard', 'in a body', async () => expect(await http('/hazard/body', { method: 'POST', body: 'x' })).to.equal(500))
    await failing('hazard', 'in an upgrade', async () => expect(await ended(port(), upgrade('/hazard/upgrade'))).to.match(/^HTTP\/1\.1 500/))
    await failing('hazard', 'in a socket', async () => expect(await ended(port(), upgrade('/hazard/socket'), 'x')).to.match(/^HTTP\/1\.1 101/))
    const own = Number(/hazard listens on (\d+)/.exec(cluster.master.log)?.[1])
    await failing('hazard', 'in a connection', () => ended(own, 'x'))
    await failing('hazard', 'no figure', async () => expect(await http('/metrics')).to.equal(200))
    expect((await info('hazard')).running).to.equal(true)
  })

  it('in a hook does not keep the others from hearing it, nor the cluster from working', async () => {
    await cluster.api(sendRcon, { instance_id: instance, command: 'chat alice hello' })
    await cluster.master.untilLog(/Plugin late failed at hook chat on slave 1/)
    for (const name of names) expect(cluster.master.log).to.match(new RegExp(`Plugin ${name} failed at hook chat(?! on)`))
    expect(cluster.slave().log).to.match(/Plugin hazard failed at hook chat of instance arena[^]*Error: thrown/)
    await cluster.untilConsole(instance, 'alice: hello')
    expect((await info('hazard')).running).to.equal(true)
  })

  for (const [how, message, where] of [
    ['clock', 'thrown', 'timer'], ['interval', 'thrown', 'timer'], ['timer', 'in a timer', 'uncaught exception'], ['tick', 'in a tick', 'uncaught exception'],
    ['microtask', 'in a microtask', 'uncaught exception'], ['promise', 'in a promise', 'unhandled rejection'], ['late', 'late', 'unhandled rejection'],
    ['stray', 'in a stray timer', 'uncaught exception'],
  ] as const) {
    it(`by itself (${how}) is stopped, with all that it had registered, and nothing else is`, async () => {
      const { last_failure: last } = await failing(how, message, () => request(how, 'fail', { how }))
      expect(last).to.include({ where, slave_id: null })
      await eventually(async () => {
        if ((await info(how)).running) throw new Error('it runs')
        if (await http(`/${how}/throw`) !== 404) throw new Error('it serves')
      }, { deadlineMs: 5_000, what: 'Its end' })
      expect(await refusal(how, 'fail', { how: 'none' })).to.equal(`unknown_type: The plugin ${how} was stopped after an error; see \`ctl plugin list\``)
      expect(cluster.master.log).to.contain(`Plugin ${how} could not be stopped cleanly: Error: in a stop`)
      expect(await failure('hazard', 'fail', { how: 'none' })).to.equal('none')
    })
  }

  it('on a slave gives the caller an error, and the master is told', async () => {
    await failing('hazard', 'thrown', async () => expect(await failure('hazard', 'fail_slave', { how: 'throw', slave_id: 1 })).to.equal('internal'))
    expect((await failing('hazard', 'thrown', () => request('hazard', 'fail', { how: 'down' }))).last_failure).to.include({ slave_id: 1, where: 'hazard:down' })
  })

  it('of itself in an instance\'s part stops that part alone, and the game goes on', async () => {
    const { pid } = await cluster.state(instance)
    const { last_failure: last } = await failing('hazard', 'in a timer', () => request('hazard', 'fail_instance', { how: 'timer', instance_id: instance }))
    expect(last).to.include({ slave_id: 1, where: 'uncaught exception of instance arena' })
    await eventually(async () => expect(await failure('hazard', 'fail_instance', { how: 'none', instance_id: instance })).to.equal('not_found'), { deadlineMs: 5_000, what: 'Its end' })
    expect(await failure('hazard', 'fail_slave', { how: 'none', slave_id: 1 })).to.equal('none')
    expect(await cluster.state(instance)).to.include({ pid, status: 'running' })
  })

  it('of itself in a slave\'s part is stopped on that slave until it starts again, and the games go on', async () => {
    const { pid } = await cluster.state(instance)
    await failing('hazard', 'in a stray timer', () => request('hazard', 'fail_slave', { how: 'stray', slave_id: 1 }))
    const stopped = 'unknown_type: The plugin hazard was stopped on slave east after an error; see `ctl plugin list`'
    await eventually(async () => expect(await refusal('hazard', 'fail_slave', { how: 'none', slave_id: 1 })).to.equal(stopped), { deadlineMs: 5_000, what: 'Its end' })
    expect(await cluster.state(instance)).to.include({ pid, status: 'running' })
    expect(await cluster.slave().end('SIGTERM')).to.include({ code: 0 })
    await cluster.startSlave()
    await eventually(async () => expect(await failure('hazard', 'fail_slave', { how: 'none', slave_id: 1 })).to.equal('none'), { deadlineMs: 5_000, what: 'Its start' })
    expect(await cluster.state(instance)).to.include({ pid, status: 'running' })
  })

  it('is counted under /metrics, and its last failure shown, also when the master is not running', async () => {
    expect(await (await fetch(new URL('/metrics', cluster.url))).text()).to.match(/corral_plugin_failures_total\{plugin="hazard"\} [1-9]\d*/)
    expect((await cluster.ctl('plugin', 'list')).stdout).to.match(/^clock .*at timer: thrown$/m)
    const hanging = fetch(new URL('/hazard/hang', cluster.url)).then((answer) => answer.text()).then(() => 'whole', () => 'cut')
    expect(await cluster.master.end('SIGTERM')).to.include({ code: 0 })
    expect(await hanging).to.equal('cut')
    const { stdout } = await runToEnd('master', ['plugin', 'list'], { cwd: cluster.directory })
    expect(stdout).to.match(/^tick .*enabled .*\n +last failure, \S+, at uncaught exception: in a tick$/m)
    expect(cluster.master.log).not.to.contain('Uncaught')
  })
})
