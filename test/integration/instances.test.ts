import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { sendRcon } from '../../lib/link/messages/console.ts'
import {
  deleteInstance, getInstanceConfig, killInstance, restartInstance, setInstanceConfigField, startInstance, stopInstance,
} from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { freePort } from '../helpers/free-port.ts'

// A game of a few lines of shell; what it does follows in `script`.
const shell = (id: string, script: string, more = ''): string => `
id: ${id}
name: ${id}
program: { command: /bin/sh }
args: ['-c', ${JSON.stringify(script)}]
console: { input: stdin }
ready: { regex: '^ready$', deadline_ms: 1000 }
stop: { command: quit, grace_ms: 60000, term_grace_ms: 60000 }
${more}`

const templates = {
  'stubborn.yaml': shell('stubborn', 'trap "" TERM INT; echo ready; while :; do sleep 0.05; done'),
  'silent.yaml': shell('silent', 'trap "echo told to end; exit 0" TERM; echo loading the map; while :; do sleep 0.05; done').replace('grace_ms: 60000', 'grace_ms: 100'),
  'missing.yaml': shell('missing', 'true').replace('/bin/sh', 'no-such-game-server').replace('command: no-such-game-server', 'command: no-such-game-server, install: { debian: apt-get install no-such-game }'),
  'slow-prepare.yaml': shell('slow-prepare', 'echo ready; read x', 'prepare: [{ args: [-c, "echo > preparing; exec sleep 100"], deadline_ms: 300000 }]'),
  'insisted.yaml': shell('insisted', 'trap "" TERM; sh -c \'trap "" TERM; while :; do sleep 0.05; done\' & echo ready; while :; do sleep 0.05; done')
    .replace('grace_ms: 60000', 'grace_ms: 100').replace('term_grace_ms: 60000', 'term_grace_ms: 100'),
}

describe('instances of a running cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { templates }) })
  after(() => cleanups.run())

  async function started(name: string, options: Parameters<TestCluster['create']>[1] = {}): Promise<number> {
    const { id } = await cluster.create(name, options)
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return id
  }

  it('go from stopped over running to stopped, and are gone with their data when deleted', async () => {
    const { id, status } = await cluster.create('life')
    expect(status).to.equal('stopped')
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    const running = await cluster.state(id)
    expect(running).to.include({ status: 'running', desired: 'running', run: 1, slave: 'east' })
    expect(running.pid).to.be.a('number')
    expect(await cluster.api(stopInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'stopped' })
    expect((await cluster.state(id)).last_exit).to.include({ code: 0, signal: null })
    expect(await cluster.untilConsole(id, 'Goodbye')).to.include('Goodbye (quit)')

    await cluster.api(deleteInstance, { instance_id: id })
    expect((await failureOf(cluster.api(startInstance, { instance_id: id }))).code).to.equal('not_found')
    expect(existsSync(cluster.instanceDirectory(id))).to.equal(false)
  })

  it('are started with the PATH of a plain user, not with that of who started the slave', async () => {
    const { id } = await cluster.create('plain')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { pid } = await cluster.state(id)
    const path = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').find((entry) => entry.startsWith('PATH='))
    expect(path).to.equal('PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games')
    await cluster.api(stopInstance, { instance_id: id, wait: true })
  })

  it('answer at once when they are what is asked for already', async () => {
    const id = await started('same')
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    await cluster.api(killInstance, { instance_id: id })
    expect(await cluster.api(stopInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'stopped' })
    expect(await cluster.api(killInstance, { instance_id: id })).to.deep.equal({ status: 'stopped' })
    expect((await cluster.state(id)).run).to.equal(1)
  })

  it('begin another run when restarted, running or not', async () => {
    const id = await started('again')
    expect(await cluster.api(restartInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    expect((await cluster.state(id)).run).to.equal(2)
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    expect(await cluster.api(restartInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    expect((await cluster.state(id)).run).to.equal(3)
  })

  it('that crash are started again, and left crashed when they crash too often', async () => {
    const id = await started('crashing')
    await cluster.api(sendRcon, { instance_id: id, command: 'crash 3' })
    const next = await cluster.until(id, ({ run, status }) => run === 2 && status === 'running')
    expect(next.last_exit).to.include({ code: 3 })

    await cluster.api(setInstanceConfigField, { instance_id: id, field: 'variables.crash_on_start', value: 'true' })
    await cluster.api(sendRcon, { instance_id: id, command: 'crash' })
    const given = await cluster.until(id, ({ status, problem }) => status === 'crashed' && /too often/.test(problem ?? ''))
    expect(given).to.include({ desired: 'running' })
    expect(given.problem).to.include('[error] crash_on_start is set')

    await cluster.api(setInstanceConfigField, { instance_id: id, field: 'variables.crash_on_start', value: null })
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
  })

  it('that end by themselves in order stay stopped', async () => {
    const id = await started('quitting')
    await cluster.api(sendRcon, { instance_id: id, command: 'quit' })
    expect(await cluster.until(id, ({ status }) => status === 'stopped')).to.include({ desired: 'stopped', run: 1 })
  })

  it('that do not start say why, with their last lines', async () => {
    const { id } = await cluster.create('stillborn', { variables: { crash_on_start: true }, restart_policy: 'never' })
    const failure = await failureOf(cluster.api(startInstance, { instance_id: id, wait: true }))
    expect(failure).to.include({ code: 'start_failed' })
    expect(failure.message).to.include('exit status 1').and.include('[error] crash_on_start is set')
    expect(await cluster.state(id)).to.include({ status: 'crashed', desired: 'running' })
  })

  it('that print no ready line in time are ended, and the start fails', async () => {
    const { id } = await cluster.create('silent', { template: 'silent', restart_policy: 'never' })
    const failure = await failureOf(cluster.api(startInstance, { instance_id: id, wait: true }))
    expect(failure.code).to.equal('start_failed')
    expect(failure.message).to.include('ready line within 1 s').and.include('loading the map')
    expect(await cluster.state(id)).to.include({ status: 'crashed', pid: null })
  })

  it('whose program is not installed are refused with how to install it', async () => {
    const { id } = await cluster.create('absent', { template: 'missing' })
    const failure = await failureOf(cluster.api(startInstance, { instance_id: id }))
    expect(failure.code).to.equal('program_missing')
    expect(failure.message).to.include('no-such-game-server').and.include('apt-get install no-such-game')
    expect(await cluster.state(id)).to.include({ status: 'stopped', desired: 'stopped' })
  })

  it('whose port another program has are refused, and can be started once it is free', async () => {
    const blocker = createServer().listen(0, '0.0.0.0')
    await once(blocker, 'listening')
    const { port } = blocker.address() as AddressInfo
    const { id } = await cluster.create('blocked', { ports: { game: port } })
    const failure = await failureOf(cluster.api(startInstance, { instance_id: id }))
    expect(failure.code).to.equal('port_taken')
    expect(failure.message).to.include(String(port))
    blocker.close()
    await once(blocker, 'close')
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
  })

  it('never get a port that another instance has', async () => {
    const ports = new Set<number | undefined>()
    for (const name of ['port-a', 'port-b', 'port-c']) ports.add((await cluster.create(name)).ports.game)
    expect(ports.size).to.equal(3)
    const port = await freePort()
    const first = await cluster.create('port-d', { ports: { game: port } })
    expect(await failureOf(cluster.create('port-e', { ports: { game: port } }))).to.include({ code: 'port_taken' })
    expect((await cluster.create('port-e')).id).to.be.above(first.id)
  })

  it('keep the port that they run on from others while their configuration changes', async () => {
    const id = await started('moving')
    const { ports: { game: before } } = await cluster.state(id)
    const port = await freePort()
    await cluster.api(setInstanceConfigField, { instance_id: id, field: 'ports.game', value: String(port) })
    expect((await cluster.state(id)).ports).to.deep.equal({ game: before })
    expect((await cluster.create('newcomer')).ports.game).to.not.equal(before)
    await cluster.api(restartInstance, { instance_id: id, wait: true })
    expect((await cluster.state(id)).ports).to.deep.equal({ game: port })
  })

  it('refuse a port of another in their configuration, which stays as it was', async () => {
    const { ports } = await cluster.create('holder')
    const { id, ports: own } = await cluster.create('wanter')
    const change = cluster.api(setInstanceConfigField, { instance_id: id, field: 'ports.game', value: String(ports.game) })
    expect(await failureOf(change)).to.include({ code: 'port_taken' })
    expect((await cluster.state(id)).ports).to.deep.equal(own)
    expect((await cluster.api(getInstanceConfig, { instance_id: id })).config.ports).to.deep.equal({})
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
  })

  it('are killed at once in the middle of a long stop', async () => {
    const id = await started('stubborn', { template: 'stubborn' })
    const stop = cluster.api(stopInstance, { instance_id: id, wait: true })
    await cluster.until(id, ({ status }) => status === 'stopping')
    expect(await cluster.api(killInstance, { instance_id: id })).to.deep.equal({ status: 'stopped' })
    expect(await stop).to.deep.equal({ status: 'stopped' })
    expect((await cluster.state(id)).last_exit).to.include({ signal: 'SIGKILL' })
  })

  it('that heed nothing are killed after their grace periods, with all their processes', async () => {
    const id = await started('insisted', { template: 'insisted' })
    const before = cluster.gameProcesses().length
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    expect(before - cluster.gameProcesses().length).to.be.at.least(2)
    expect((await cluster.state(id)).last_exit).to.include({ signal: 'SIGKILL' })
  })

  it('that are stopped while they start fail the waiting start and end stopped', async () => {
    const { id } = await cluster.create('interrupted', { variables: { start_delay_ms: 30_000 } })
    const start = failureOf(cluster.api(startInstance, { instance_id: id, wait: true }))
    await cluster.until(id, ({ status, pid }) => status === 'starting' && pid !== null)
    expect(await cluster.api(stopInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'stopped' })
    expect(await start).to.include({ code: 'wrong_state' })
  })

  it('that are killed while they are being prepared do not wait for the preparation', async () => {
    const { id } = await cluster.create('prepared', { template: 'slow-prepare' })
    const start = failureOf(cluster.api(startInstance, { instance_id: id, wait: true }))
    await cluster.until(id, ({ status }) => status === 'starting' && existsSync(`${cluster.instanceDirectory(id)}/data/preparing`))
    expect(await cluster.api(killInstance, { instance_id: id }, { deadlineMs: 5_000 })).to.deep.equal({ status: 'stopped' })
    expect(await start).to.include({ code: 'wrong_state' })
    expect((await cluster.state(id)).pid).to.equal(null)
  })

  it('that are started while they stop run again, in a run of their own', async () => {
    const id = await started('changed-mind')
    const [stopped] = await Promise.allSettled([
      cluster.api(stopInstance, { instance_id: id, wait: true }),
      cluster.api(startInstance, { instance_id: id, wait: true }),
    ])
    expect(stopped.status).to.be.oneOf(['fulfilled', 'rejected'])
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ desired: 'running' })
  })

  it('obey the last of many commands that come at once, and run once at most', async () => {
    const { id } = await cluster.create('hectic')
    for (let round = 0; round < 5; round += 1) {
      const commands = [startInstance, stopInstance, restartInstance, startInstance, restartInstance].map((definition) => cluster.api(definition, { instance_id: id }))
      await Promise.allSettled(commands)
    }
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { pid } = await cluster.state(id)
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    expect(await cluster.state(id)).to.include({ status: 'stopped', pid: null })
    expect(cluster.gameProcesses()).to.not.include(pid)
  })

  it('that are deleted while they run leave no process behind, and refuse to be started meanwhile', async () => {
    const id = await started('doomed')
    const { pid } = await cluster.state(id)
    const removal = cluster.api(deleteInstance, { instance_id: id })
    await Promise.allSettled([removal, ...[1, 2, 3].map(() => cluster.api(startInstance, { instance_id: id }))])
    await removal
    expect(cluster.gameProcesses()).to.not.include(pid)
    expect(existsSync(cluster.instanceDirectory(id))).to.equal(false)
  })

  it('that wait for their restart after a crash obey a restart and a stop at once', async () => {
    const id = await started('backing-off')
    await cluster.api(sendRcon, { instance_id: id, command: 'crash' })
    await cluster.until(id, ({ run, status }) => status === 'crashed' || run === 2)
    expect(await cluster.api(restartInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    await cluster.api(sendRcon, { instance_id: id, command: 'crash' })
    expect(await cluster.api(stopInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'stopped' })
    expect(await cluster.state(id)).to.include({ desired: 'stopped', status: 'stopped' })
  })
})

describe('bad input about instances', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  it('is refused: names that are odd, in use or numbers', async () => {
    await cluster.create('arena')
    expect(await failureOf(cluster.create('arena'))).to.include({ code: 'name_in_use' })
    for (const name of ['', '../evil', 'two words', '-x', '42', 'a'.repeat(64), 'ä', 'a\nb', '__proto__/x']) {
      expect((await failureOf(cluster.create(name))).code, JSON.stringify(name)).to.be.oneOf(['invalid_request', 'invalid_name'])
    }
    for (const name of ['x', 'A-b_c9', '0x', 'constructor', 'a'.repeat(63)]) expect((await cluster.create(name)).name).to.equal(name)
  })

  it('is refused: what is unknown, with the nearest that there is', async () => {
    const { id } = await cluster.create('known')
    expect((await failureOf(cluster.create('new', { template: 'sampel' }))).message).to.include('did you mean "sample"')
    const variable = await failureOf(cluster.create('new', { variables: { server_nam: 'x' } }))
    expect(variable.code).to.equal('invalid_variable')
    expect(variable.message).to.include('server_name')
    const field = await failureOf(cluster.api(setInstanceConfigField, { instance_id: id, field: 'restart_polcy', value: 'never' }))
    expect(field.message).to.include('did you mean "restart_policy"')
    const missing = await failureOf(cluster.api(startInstance, { instance_id: 9_999 }))
    expect(missing).to.include({ code: 'not_found', message: 'Instance with ID 9999 does not exist' })
  })

  it('is refused: values that do not fit, and nothing is changed', async () => {
    const { id } = await cluster.create('strict')
    const set = (field: string, value: string | null) => failureOf(cluster.api(setInstanceConfigField, { instance_id: id, field, value }))
    expect(await set('variables.start_delay_ms', 'soon')).to.include({ code: 'invalid_variable' })
    expect((await set('restart_policy', 'sometimes')).code).to.equal('invalid_request')
    expect((await set('ports.game', '70000')).code).to.equal('invalid_request')
    expect((await set('console_limit_bytes', '1')).code).to.equal('invalid_request')
    for (const value of ['1', '9007199254740993', '1'.repeat(400)]) {
      expect((await set('console_limit_bytes', value)).message, value).to.include('must be from 65536 to 9007199254740991')
    }
    expect((await failureOf(cluster.create('new', { variables: { server_name: '' } }))).code).to.equal('invalid_variable')
    expect((await failureOf(cluster.api(sendRcon, { instance_id: id, command: 'say hi' }))).code).to.equal('wrong_state')
  })
})
