import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { readConsole, sendRcon } from '../../lib/link/messages/console.ts'
import { getInstanceConfig, startInstance } from '../../lib/link/messages/instances.ts'
import { createJoinToken } from '../../lib/link/messages/slaves.ts'
import { BaseSlave, configOf } from '../helpers/base-slave.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { ForeignMaster } from '../helpers/foreign-master.ts'
import { Program, runToEnd } from '../helpers/program.ts'

// Its secret is made up by the master that makes the instance, and on its lips all the time.
const guarded = `
id: guarded
name: Guarded
program: { command: /bin/sh }
args: ['-c', 'echo ready; while read line; do echo "$line by $KEY"; [ "$line" = quit ] && exit 0; done']
env: { KEY: '{var.key}' }
variables:
  key: { type: secret, description: A secret, min_length: 8 }
  motto: { type: string, description: A text, default: none }
console: { input: stdin }
ready: { regex: '^ready$' }
stop: { command: quit }
`

describe('moving a slave of ours to a foreign master and back', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let foreign: ForeignMaster
  let abroad: Program | undefined
  let id: number
  let pid: number | null
  let key: string | undefined

  before(async () => {
    cluster = await TestCluster.start(cleanups, { templates: { 'guarded.yaml': guarded } })
    foreign = await ForeignMaster.start(cleanups)
    cleanups.add(() => (abroad?.isRunning ? abroad.end('SIGKILL') : undefined))
    ;({ id } = await cluster.create('arena', { template: 'guarded', variables: { motto: 'onward' } }))
    await cluster.api(startInstance, { instance_id: id, wait: true })
    ;({ pid } = await cluster.state(id))
    await cluster.api(sendRcon, { instance_id: id, command: 'said' })
    key = /said by (\S+)/.exec(await cluster.untilConsole(id, 'said by'))?.[1]
  })
  after(() => cleanups.run())
  afterEach(() => expect(foreign.faults).to.deep.equal([]))

  it('takes its instances along, running, and tells nobody their secrets', async () => {
    const file = join(cluster.directory, 'config-slave-east.json')
    const here = JSON.parse(await readFile(file, 'utf8')) as object
    const there = { ...here, master_url: foreign.url, token: foreign.token, id: 44, name: 'east', dialect: 'base' }
    await writeFile(join(cluster.directory, 'config-slave-abroad.json'), JSON.stringify(there), { mode: 0o600 })
    await cluster.slave().end('SIGTERM')
    abroad = new Program('slave', ['run', '--config', 'config-slave-abroad.json'], { cwd: cluster.directory })
    const peer = await foreign.untilSlave(44)
    const update = peer.frames.find(({ type }) => type === 'update_instances_event')
    expect(update?.data).to.deep.equal({ instances: [{ serialized_config: { groups: [
      { name: 'instance', fields: { name: 'arena', id, assigned_slave: 44 } },
      { name: 'corral', fields: { 'template': 'guarded', 'variables.motto': 'onward' } },
    ] } }] })
    expect(await peer.ask('send_rcon', { instance_id: id, command: 'said' })).to.deep.equal({ result: `said by ${key}` })
    expect(cluster.gameProcesses()).to.include(pid)
  })

  it('has their secrets still when a game is started there', async () => {
    const peer = await foreign.untilSlave(44)
    await eventually(() => expect(foreign.instances.get(id)?.groups[0]?.fields.assigned_slave).to.equal(44))
    await peer.ask('stop_instance', { instance_id: id })
    await peer.ask('start_instance', { instance_id: id })
    expect(await peer.ask('send_rcon', { instance_id: id, command: 'started' })).to.deep.equal({ result: `started by ${key}` })
    expect(cluster.gameProcesses()).not.to.include(pid)
  })

  it('is what it was when it comes back', async () => {
    await abroad?.end('SIGTERM')
    await cluster.startSlave()
    const state = await cluster.until(id, ({ status }) => status === 'running')
    expect(state).to.include({ run: 2, template: 'guarded', slave: 'east', problem: null })
    await cluster.api(sendRcon, { instance_id: id, command: 'home' })
    await cluster.untilConsole(id, `home by ${key}`)
    expect((await cluster.api(readConsole, { instance_id: id, run: 1, from: 0 })).chunk.text).to.include(`said by ${key}`)
  })
})

describe('moving a slave that began at a foreign master to ours', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let foreign: ForeignMaster
  let slave: BaseSlave
  before(async () => {
    cluster = await TestCluster.start(cleanups, { slaves: [] })
    foreign = await ForeignMaster.start(cleanups)
    slave = await BaseSlave.start(cleanups, foreign)
    await foreign.untilSlave(7)
    await foreign.assign(7, configOf(901, 'My arena', null, { 'template': 'sample', 'variables.server_name': 'arena' }))
    await foreign.assign(7, configOf(902, 'stays foreign', null))
    await slave.peer.ask('start_instance', { instance_id: 901 })
  })
  after(() => cleanups.run())

  it('brings its instances, running, and gets nothing but what it has', async () => {
    const games = slave.gameProcesses()
    await slave.program.end('SIGTERM')
    const { token } = await cluster.api(createJoinToken, {})
    const joined = await runToEnd('slave', ['join', cluster.url, '--name', 'west', '--config', 'config-slave-new.json', '--data-directory', 'slave-data'], { cwd: slave.directory, env: { CORRAL_JOIN_TOKEN: token } })
    expect(joined.stderr).to.equal('')
    await slave.run(['--config', 'config-slave-new.json'])
    const arena = await cluster.until(901, ({ status }) => status === 'running')
    expect(arena).to.include({ name: 'My arena', template: 'sample', slave: 'west', desired: 'running', run: 1 })
    expect(slave.gameProcesses()).to.deep.equal(games)
    const other = await cluster.until(902, ({ status }) => status === 'stopped')
    expect(other).to.include({ name: 'stays foreign', template: 'foreign', slave: 'west', status: 'stopped' })
    const { config } = await cluster.api(getInstanceConfig, { instance_id: 901 })
    expect(config.variables).to.include({ server_name: 'arena' })
    expect(config.config_groups).to.deep.include({ name: 'factorio', fields: { version: 'latest', game_port: null, settings: { tags: ['a'], max: 1.5 } } })
    await cluster.api(sendRcon, { instance_id: 901, command: 'say moved' })
    await cluster.untilConsole(901, 'moved')
  })

  it('goes back with what it had, when that is wanted after all', async () => {
    const games = slave.gameProcesses()
    await slave.program.end('SIGTERM')
    await slave.run()
    const peer = await foreign.untilSlave(7, foreign.peers[0])
    expect(await peer.ask('send_rcon', { instance_id: 901, command: 'echo back' })).to.deep.equal({ result: 'back' })
    expect(slave.gameProcesses()).to.deep.equal(games)
    expect(foreign.faults).to.deep.equal([])
  })
})
