import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { listPlugins } from '../../lib/link/messages/plugins.ts'
import { setInstanceConfigField, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { drainSlave } from '../../lib/link/messages/slaves.ts'
import { postJson } from '../../lib/net/post-json.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { pluginArchive } from '../helpers/plugin-package.ts'
import { runToEnd } from '../helpers/program.ts'

/** A plugin that uses every part and every way that a message can travel, and writes down what it hears. */
const probe = `
import { defineEvent, definePlugin, defineRequest, secretField, stringField, Type } from 'corral/plugin'

const request = (type, routes, more = {}) => defineRequest({
  type: 'probe:' + type, summary: 'A probe.', routes, permission: 'plugin.use',
  request: Type.Object({ text: Type.String(), instance_id: Type.Optional(Type.Integer()), slave_id: Type.Optional(Type.Integer()) }, { additionalProperties: false }),
  response: Type.Object({ text: Type.String() }),
  ...more,
})
const event = (type, routes, more = {}) => defineEvent({
  type: 'probe:' + type, summary: 'A probe.', routes,
  data: Type.Object({ text: Type.String(), instance_id: Type.Optional(Type.Integer()) }), ...more,
})
const ask = request('ask', ['control-master'])
const askSlave = request('ask_slave', ['control-master', 'master-slave'], { forward: 'slave_id' })
const askInstance = request('ask_instance', ['control-master', 'master-slave', 'slave-instance'], { forward: 'instance_id' })
const fromSlave = request('from_slave', ['slave-master'])
const fromInstance = request('from_instance', ['instance-slave', 'slave-master'])
const toSlavePart = request('to_slave_part', ['instance-slave'])
const toInstancePart = request('to_instance_part', ['slave-instance'], { forward: 'instance_id' })
const down = event('down', ['master-slave'])
const downInstance = event('down_instance', ['master-slave', 'slave-instance'], { routeBy: 'instance_id' })
const up = event('up', ['slave-master'])
const progress = event('progress', ['master-control'])
const remark = event('remark', ['control-master'])

export const plugin = definePlugin({
  name: 'probe', version: '1.0.0', description: 'Probes.',
  config: { word: stringField({ default: 'hello', description: 'A word.' }), secret: secretField({ description: 'A secret.' }) },
  messages: [ask, askSlave, askInstance, fromSlave, fromInstance, toSlavePart, toInstancePart, down, downInstance, up, progress, remark],
  master: (context) => {
    const { answer, answerSlave, accept, log, on, slavePart, instancePart, cluster, clock } = context
    const heard = (text) => log.info('heard ' + text)
    answer(ask, async ({ text }, { control }) => {
      control?.emit(progress, { text: 'half of ' + text })
      const [slave] = cluster.slaves()
      const [instance] = cluster.instances()
      slavePart(slave.id).emit(down, { text })
      if (!instance) return { text: (await slavePart(slave.id).send(askSlave, { slave_id: slave.id, text })).text }
      instancePart(instance.id).emit(downInstance, { instance_id: instance.id, text })
      return { text: (await instancePart(instance.id).send(askInstance, { instance_id: instance.id, text })).text }
    })
    answerSlave(fromSlave, ({ text }, slave) => ({ text: 'master of ' + slave.name + ' ' + text }))
    answerSlave(fromInstance, ({ text }) => ({ text: 'master ' + text }))
    accept(remark, ({ text }, { control }) => heard('remark ' + text + ' of token ' + control.tokenId))
    accept(up, ({ text }, { slave }) => heard('up ' + text + ' from ' + slave.name))
    on('console_line', ({ instance, text }) => heard('line ' + instance.name + ': ' + text))
    on('config_changed', (change) => heard('config ' + change.of + ' ' + (change.instance ?? change.slave).name + ' ' + change.field))
    clock.after(1, () => heard('clock ' + (Math.abs(clock.now() - Date.now()) < 1000)))
  },
  slave: async (context) => {
    const { answer, accept, config, log, on, master, slave, instances, instancePart, dataDirectory, hasMaster, onStop } = context
    const heard = (text) => log.info('slave heard ' + text)
    heard('start ' + config.word + ' ' + config.secret + ' ' + (await dataDirectory()).includes('probe'))
    answer(askSlave, async ({ text }) => ({ text: slave.name + ', ' + (await master.send(fromSlave, { text })).text }))
    answer(toSlavePart, async ({ text, instance_id: id }, from) => ({
      text: 'slave part for ' + from.instanceId + ', ' + (await instancePart(from.instanceId).send(toInstancePart, { instance_id: from.instanceId, text })).text,
    }))
    accept(down, ({ text }) => {
      heard('down ' + text)
      master.emit(up, { text })
    })
    for (const hook of ['instance_added', 'run_started', 'run_ended', 'player_joined', 'player_left', 'chat', 'console_line']) {
      on(hook, (event) => heard(hook + ' ' + [event.instance.name, event.run, event.player, event.text].filter((part) => part !== undefined).join(' ')))
    }
    on('instance_changed', ({ instance }) => heard('instance_changed ' + instance.name + ' ' + instance.status))
    on('instance_removed', ({ instanceId }) => heard('instance_removed ' + instanceId))
    on('master_connected', () => heard('master_connected ' + hasMaster()))
    on('shutdown', () => heard('shutdown'))
    onStop(() => heard('stop'))
  },
  instance: (context) => {
    const { answer, accept, log, on, master, slavePart, instance, instanceId, sendLine, onStop } = context
    const heard = (text) => log.info('instance heard ' + text)
    answer(askInstance, async ({ text }) => {
      const [above, beside] = await Promise.all([master.send(fromInstance, { text }), slavePart.send(toSlavePart, { text })])
      return { text: instance().name + ', ' + above.text + ', ' + beside.text }
    })
    answer(toInstancePart, ({ text }) => ({ text: 'instance part ' + text }))
    accept(downInstance, ({ text }) => heard('down ' + text))
    on('console_line', ({ text }) => heard('line ' + text))
    on('chat', ({ player, text }) => { if (text === 'ping') void sendLine('say pong ' + player) })
    onStop(() => heard('stop ' + instanceId))
  },
  ctl: [{
    path: ['ask'], summary: 'Ask everybody', arguments: [{ name: 'TEXT', summary: 'Some text' }], options: [{ name: 'loud', summary: 'In capitals' }],
    run: async ({ args, send, emit, accept, print, note }) => {
      accept(progress, ({ text }) => note(text))
      await emit(remark, { text: args.word('TEXT') })
      const { text } = await send(ask, { text: args.flag('loud') ? args.word('TEXT').toUpperCase() : args.word('TEXT') })
      await print({ text }, () => text + '\\n')
    },
  }, {
    path: ['find'], summary: 'Find an instance', arguments: [{ name: 'NAME', summary: 'Instance' }],
    run: async ({ args, instance, slave, print }) => {
      const { id } = await instance(args.word('NAME'))
      await print({ id, slave: (await slave('east')).name }, () => String(id))
    },
  }],
})`

describe('The parts of a plugin from a package', function () {
  this.timeout(120_000)
  const cleanups = new Cleanups()
  let cluster: TestCluster

  before(async () => {
    cluster = await TestCluster.start(cleanups)
    const archive = await pluginArchive(cluster.directory, 'probe', probe)
    for (const command of [['master', 'plugin', 'install', archive], ['master', 'plugin', 'enable', 'probe'], ['master', 'config', 'set', 'probe.secret', 'hush'], ['slave', 'plugin', 'install', archive, '--config', 'config-slave-east.json']]) {
      const [program = '', ...args] = command
      const { code, stderr } = await runToEnd(program as 'master', args, { cwd: cluster.directory })
      expect(code, stderr).to.equal(0)
    }
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await cluster.slave().untilLog(/Plugin probe 1\.0\.0 runs/)
  })
  after(() => cleanups.run())

  const heard = (text: string): Promise<unknown> => cluster.slave().untilLog(new RegExp(`heard ${text.replaceAll(/[()?.]/g, '\\$&')}`))
  const heardByMaster = (text: string): Promise<unknown> => cluster.master.untilLog(new RegExp(`heard ${text}`))
  const ask = (type: string, data: object): Promise<unknown> => postJson(new URL(`/api/v1/probe:${type}`, cluster.url), data, { token: cluster.token })

  it('run where the master says, with its config but not its secrets', async () => {
    await heard('start hello undefined true')
    await heardByMaster('clock true')
  })

  it('talk over every route, checked and forwarded, from ctl and over HTTP', async () => {
    const early = await cluster.ctl('plugin', 'probe', 'ask', 'hi')
    expect(early, early.stderr).to.include({ code: 0, stdout: 'east, master of east hi\n' })
    expect(early.stderr).to.contain('half of hi')
    await heard('down hi')
    await heardByMaster('up hi from east')
    await heardByMaster('remark hi of token 1')

    const { id } = await cluster.create('arena')
    const expected = `arena, master HI, slave part for ${id}, instance part HI`
    const late = await cluster.ctl('plugin', 'probe', 'ask', 'hi', '--loud', '-o', 'json')
    expect(late.code, late.stderr).to.equal(0)
    expect(JSON.parse(late.stdout)).to.deep.equal({ text: expected })
    await heard('down HI')
    expect(await ask('ask_instance', { instance_id: id, text: 'HI' })).to.deep.equal({ text: expected })
    expect(JSON.parse((await cluster.ctl('plugin', 'probe', 'find', 'arena', '-o', 'json')).stdout)).to.deep.equal({ id, slave: 'east' })
  })

  it('get nothing that does not fit, and nobody without the permission is heard', async () => {
    const failure = async (type: string, data: object): Promise<string> => ask(type, data).then(() => 'none', (error: { code: string }) => error.code)
    expect(await failure('ask', { text: 1 })).to.equal('invalid_request')
    expect(await failure('ask_instance', { text: 'hi' })).to.equal('invalid_request')
    expect(await failure('ask_instance', { instance_id: 999, text: 'hi' })).to.equal('not_found')
    expect(await failure('to_slave_part', { text: 'hi' })).to.equal('unknown_type')
    expect(await failure('from_slave', { text: 'hi' })).to.equal('unknown_type')
    const { stdout } = await cluster.ctl('token', 'create', 'looker', '--role', 'viewer', '-o', 'json')
    const { token } = JSON.parse(stdout) as { token: string }
    const refused = await postJson(new URL('/api/v1/probe:ask', cluster.url), { text: 'hi' }, { token }).then(() => 'none', (error: { code: string }) => error.code)
    expect(refused).to.equal('forbidden')
  })

  it('hear what happens on the slave, to its instances and in the cluster', async () => {
    const { id } = await cluster.create('maze')
    await heard('instance_added maze')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    await heard('run_started maze 1')
    await heard('instance_changed maze running')
    await cluster.api(sendRcon, { instance_id: id, command: 'join alice' })
    await heard('player_joined maze alice')
    await cluster.api(sendRcon, { instance_id: id, command: 'chat alice ping' })
    await heard('chat maze alice ping')
    await heard('console_line maze 1 [chat] alice: ping'.replaceAll(/[[\]]/g, '\\$&'))
    await cluster.untilConsole(id, 'pong alice')
    await heardByMaster('line maze: \\[chat\\] alice: ping')
    await cluster.api(sendRcon, { instance_id: id, command: 'leave alice' })
    await heard('player_left maze alice')
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    await heard('run_ended maze 1')
    await cluster.api(setInstanceConfigField, { instance_id: id, field: 'restart_policy', value: 'never' })
    await heardByMaster('config instance maze restart_policy')
    await cluster.api(drainSlave, { slave_id: 1, enabled: true })
    await heardByMaster('config slave east draining')
    await cluster.api(drainSlave, { slave_id: 1, enabled: false })
    await cluster.ctl('instance', 'delete', 'maze', '--yes')
    await heard(`instance_removed ${id}`)
    await heard(`stop ${id}`)
  })

  it('give the master whole lines only, from a console that it joins midway', async () => {
    const { id } = await cluster.create('tower')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    await cluster.api(sendRcon, { instance_id: id, command: 'say before' })
    await cluster.untilConsole(id, 'before')
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await eventually(async () => {
      await cluster.api(sendRcon, { instance_id: id, command: 'say again' })
      if (!/heard line tower: /.test(cluster.master.log)) throw new Error(cluster.master.log)
    }, { deadlineMs: 10_000, what: 'A line' })
    const lines = [...cluster.master.log.matchAll(/heard line tower: (.*?)(?: \S+=.*)?$/gm)].map(([, line = '']) => line)
    expect(lines.every((line) => line.startsWith('[chat] <server>: again') || line.startsWith('[')), lines.join('\n')).to.equal(true)
    expect(lines.join('\n')).not.to.contain('before')
  })

  it('go on without the master, and after the slave was started without it', async () => {
    await cluster.master.end('SIGTERM')
    await cluster.slave().end('SIGTERM')
    expect(cluster.slave().log).to.match(/slave heard shutdown[^]*slave heard stop/)
    await cluster.startSlave('east', { isMasterAway: true })
    await cluster.slave().untilLog(/Plugin probe 1\.0\.0 runs/)
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await heard('master_connected true')
  })

  it('are listed, and are stopped on slaves once the plugin is disabled', async () => {
    const probeOf = async () => (await cluster.api(listPlugins, {})).list.find(({ name }) => name === 'probe')
    expect(await probeOf()).to.include({ source: 'corral-probe', enabled: true, running: true, failures: 0 })
    expect(await runToEnd('slave', ['plugin', 'list', '--config', 'config-slave-east.json'], { cwd: cluster.directory })).to.include({ code: 0, stdout: 'probe          1.0.0    Probes.\n' })
    await runToEnd('master', ['plugin', 'disable', 'probe'], { cwd: cluster.directory })
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await heard('stop')
    expect(await probeOf()).to.include({ enabled: false, running: false })
  })

  it('are missed by name where a slave does not have the package', async () => {
    await runToEnd('master', ['plugin', 'enable', 'probe'], { cwd: cluster.directory })
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.addSlave('west')
    await cluster.slave('west').untilLog(/The plugin probe is not installed on slave west; install the same package there with `slave plugin install`, then start the slave again/)
    await cluster.master.untilLog(/Plugin probe could not be started on slave 2: The plugin probe is not installed/)
    const { id } = await cluster.create('castle', { slave_id: 2 })
    const refused = await ask('ask_instance', { instance_id: id, text: 'hi' }).then(() => 'none', ({ code, message }: { code: string; message: string }) => ({ code, message }))
    expect(refused).to.deep.equal({ code: 'unknown_type', message: 'The plugin probe is not installed on slave west; install the same package there with `slave plugin install`, then start the slave again' })
  })
})

describe('ctl with plugins', function () {
  this.timeout(60_000)
  const cleanups = new Cleanups()
  after(() => cleanups.run())

  it('knows the commands of a package that it has installed itself, documents and completes them', async () => {
    const { temporaryDirectory } = await import('../helpers/temp-directory.ts')
    const directory = await temporaryDirectory(cleanups)
    const archive = await pluginArchive(directory, 'probe', probe)
    const ctl = (...args: string[]) => runToEnd('ctl', args, { cwd: directory, env: { CORRAL_CONFIG: '', XDG_CONFIG_HOME: directory, CORRAL_URL: '', CORRAL_TOKEN: '' } })
    expect((await ctl('plugin', 'probe', 'ask', 'x')).stderr).to.contain('There is no command "ctl plugin probe"')
    const installed = await ctl('plugin', 'install', archive, '-o', 'json')
    expect(JSON.parse(installed.stdout), installed.stderr).to.deep.equal({ name: 'probe', version: '1.0.0', source: 'corral-probe' })
    expect((await ctl('plugin', '--help')).stdout).to.match(/plugin list[^]*plugin global-chat say TEXT\.\.\.[^]*plugin probe ask TEXT/)
    expect((await ctl('plugin', 'probe', 'ask', '--help')).stdout).to.match(/^Usage: ctl plugin probe ask TEXT \[options\]\n\nAsk everybody[^]*--loud/)
    expect(await ctl('plugin', 'probe', 'ask')).to.include({ code: 2, stderr: 'TEXT is missing; usage: ctl plugin probe ask TEXT\n' })
    expect((await ctl('plugin', 'probe', 'aks')).stderr).to.contain('did you mean "ask"?')
    expect((await ctl('plugin', 'concierge', 'x')).stderr).to.contain('The plugin concierge has no commands for ctl')
    expect((await ctl('complete', '--', 'plugin', 'probe', '')).stdout).to.equal('ask\nfind\n')
  })
})
