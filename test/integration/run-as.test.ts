import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { deleteInstance, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { runToEnd } from '../helpers/program.ts'

const isRoot = process.getuid?.() === 0

// Games that need nothing of the checkout, which may lie where only root can read.
const shellGame = (id: string, script: string) => `
id: ${id}
name: ${id}
program: { command: /bin/sh }
args: ['-c', '${script}']
console: { input: stdin }
ready: { regex: '^ready$' }
stop: { command: quit }
`
const identity = shellGame('identity', 'umask 077; mkdir -p deep/er; echo secret > deep/er/file; chmod 500 deep/er; id -u; id -G; echo ready; read line')
const logger = shellGame('logger', 'echo started >> game.log && echo ready && read line')

describe('a slave of root with run_as', function () {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async function () {
    if (!isRoot) return this.skip()
    cluster = await TestCluster.start(cleanups, { slave: { run_as: 'nobody' }, templates: { 'identity.yaml': identity, 'logger.yaml': logger } })
    await chmod(cluster.directory, 0o711)
  })
  after(() => cleanups.run())

  it('runs games as that user, with its groups alone, in a directory that is its own', async () => {
    const { id } = await cluster.create('humble', { template: 'identity' })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const uid = execFileSync('id', ['-u', 'nobody']).toString().trim()
    const gid = execFileSync('id', ['-g', 'nobody']).toString().trim()
    expect((await cluster.untilConsole(id, 'ready')).split('\n').slice(0, 2)).to.deep.equal([uid, gid])
    const data = join(cluster.instanceDirectory(id), 'data')
    expect(statSync(data).uid).to.equal(Number(uid))
    expect(statSync(join(cluster.instanceDirectory(id), 'instance.json')).uid).to.equal(0)

    const { pid } = await cluster.state(id)
    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ pid })
    await cluster.api(sendRcon, { instance_id: id, command: 'bye' })
    await cluster.until(id, ({ status }) => status === 'stopped')
    await cluster.api(deleteInstance, { instance_id: id })
    expect(existsSync(cluster.instanceDirectory(id))).to.equal(false)
  })

  it('ends a game of that user, and gives it files that were put there by root', async () => {
    const { id } = await cluster.create('handed-over', { template: 'logger' })
    const log = join(cluster.instanceDirectory(id), 'data', 'game.log')
    await mkdir(dirname(log), { recursive: true })
    await writeFile(log, 'by root\n', { mode: 0o600 })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    expect(statSync(log).uid).to.not.equal(0)
    expect(await readFile(log, 'utf8')).to.equal('by root\nstarted\n')
    expect(await cluster.api(stopInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'stopped' })
  })

  it('tells at its start and at a game\'s which folder the user can\'t enter, and what to do', async () => {
    const { id } = await cluster.create('outside', { template: 'identity', restart_policy: 'never' })
    const why = `user nobody cannot enter ${cluster.directory} (mode 0700); run \`chmod o+x ${cluster.directory}\``
    await chmod(cluster.directory, 0o700)
    try {
      await cluster.slave().end('SIGTERM')
      await cluster.startSlave()
      expect(cluster.slave().log).to.include(`No game can be started: ${why}`)
      const failure = await failureOf(cluster.api(startInstance, { instance_id: id, wait: true }))
      expect(failure).to.include({ code: 'start_failed', message: `The game can't be started: ${why}` })
    } finally {
      await chmod(cluster.directory, 0o711)
    }
    await cluster.api(startInstance, { instance_id: id, wait: true })
    await cluster.api(stopInstance, { instance_id: id, wait: true })
  })

  it('does not start with a user that there is not, and warns when games would run as root', async () => {
    await cluster.slave().end('SIGTERM')
    const unknown = await runToEnd('slave', ['run', '--config', 'config-slave-east.json', '--run-as', 'no-such-user'], { cwd: cluster.directory })
    expect(unknown.code).to.equal(2)
    expect(unknown.stderr).to.include('There is no system user "no-such-user"')
    const own = new Cleanups()
    try {
      const careless = await TestCluster.start(own)
      expect(careless.slave().log).to.include('GAMES WILL RUN AS ROOT')
    } finally {
      await own.run()
    }
    await cluster.startSlave()
    expect(cluster.slave().log).to.not.include('GAMES WILL RUN AS ROOT')
  })
})
