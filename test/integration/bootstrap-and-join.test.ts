import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listTokens, revokeToken } from '../../lib/link/messages/cluster.ts'
import { createJoinToken, createSlaveToken, joinSlave, listSlaves, removeSlave } from '../../lib/link/messages/slaves.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { freePort } from '../helpers/free-port.ts'
import { Program, runToEnd } from '../helpers/program.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

describe('master bootstrap', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('prints what a script needs as JSON, and keeps secrets from others', async () => {
    const cwd = await temporaryDirectory(cleanups)
    const made = await runToEnd('master', ['bootstrap', '--json', '--http-port', '18080'], { cwd })
    expect(made).to.include({ code: 0, stderr: '' })
    const result = JSON.parse(made.stdout) as Record<string, string>
    expect(result).to.include({ url: 'http://127.0.0.1:18080', config: join(cwd, 'config-master.json'), control_config: join(cwd, 'config-control.json') })
    expect(result.token).to.match(/^corral_.{40}/)
    expect(result.join_token).to.match(/^corral_.{40}/).and.not.equal(result.token)
    for (const file of [result.config, result.control_config, join(cwd, 'data', 'corral.db')]) {
      expect((await stat(file ?? '')).mode & 0o077, file).to.equal(0)
    }
    expect((await readFile(join(cwd, 'data', 'corral.db'))).includes(result.token ?? '-'), 'only its hash is kept').to.equal(false)
  })

  it('says in words what to do next', async () => {
    const cwd = await temporaryDirectory(cleanups)
    const { stdout } = await runToEnd('master', ['bootstrap'], { cwd })
    const [master, slave, ctl] = ['master', 'slave', 'ctl'].map((name) => `node ${join(packageRoot, 'bin', `${name}.js`)}`)
    expect(stdout).to.include(`  ${master} run\n`).and.include(`  ${slave} join http://127.0.0.1:8080 --name`).and.include(`  ${slave} run\n`)
      .and.include(`  ${ctl} slave list\n`).and.match(/^ +corral_.{40}/m)
  })

  it('names in its advice the config that is elsewhere', async () => {
    const cwd = await temporaryDirectory(cleanups)
    const { stdout } = await runToEnd('master', ['bootstrap', '--config', 'here/own.json'], { cwd })
    expect(stdout).to.include('master.js run --config here/own.json\n').and.include('ctl.js slave list --config here/config-control.json\n')
  })

  it('never overwrites a cluster', async () => {
    const cwd = await temporaryDirectory(cleanups)
    await runToEnd('master', ['bootstrap'], { cwd })
    const before = await readFile(join(cwd, 'config-control.json'), 'utf8')
    const second = await runToEnd('master', ['bootstrap'], { cwd })
    expect(second).to.include({ code: 6, stdout: '' })
    expect(second.stderr).to.include('is there already')
    expect(await readFile(join(cwd, 'config-control.json'), 'utf8')).to.equal(before)
  })

  it('refuses a port or an address that is none, by the option\'s name, and leaves nothing behind', async () => {
    const cwd = await temporaryDirectory(cleanups)
    const port = await runToEnd('master', ['bootstrap', '--http-port', 'banana'], { cwd })
    expect(port).to.include({ code: 2, stderr: '--http-port must be an integer, 0 to 65535, not "banana"\n' })
    const address = await runToEnd('master', ['bootstrap', '--bind', 'no such host'], { cwd })
    expect(address.code).to.equal(2)
    expect(address.stderr).to.include('"no such host" (--bind)')
    expect(await readdir(cwd)).to.deep.equal([])
  })

  it('is not made up for by a run whose database was lost', async () => {
    const cwd = await temporaryDirectory(cleanups)
    await runToEnd('master', ['bootstrap', '--http-port', '0'], { cwd })
    await rm(join(cwd, 'data'), { recursive: true })
    const { code, stderr } = await runToEnd('master', ['run'], { cwd })
    expect(code).to.equal(5)
    expect(stderr.trim().split('\n')).to.have.length(1)
    expect(stderr).to.include('corral.db').and.include('master db import')
    expect(existsSync(join(cwd, 'data'))).to.equal(false)
  })

  it('is asked for by a master or slave that has no config, in one line', async () => {
    const cwd = await temporaryDirectory(cleanups)
    const master = await runToEnd('master', ['run'], { cwd })
    expect(master.code).to.equal(2)
    expect(master.stderr.trim().split('\n')).to.have.length(1)
    expect(master.stderr).to.include('master bootstrap')
    const slave = await runToEnd('slave', ['run'], { cwd })
    expect(slave.code).to.equal(2)
    expect(slave.stderr).to.include('slave join')
  })
})

describe('master token create', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { slaves: [] }) })
  after(() => cleanups.run())

  it('lets who owns the host back in, while the master is stopped', async () => {
    const create = (...args: string[]) => runToEnd('master', ['token', 'create', ...args], { cwd: cluster.directory })
    const running = await create('--name', 'back')
    expect(running).to.include({ code: 6, stdout: '' })
    expect(running.stderr).to.include('another process has it open')
    await cluster.master.end('SIGTERM')

    const plain = await create('--name', 'back')
    expect(plain).to.include({ code: 0 })
    expect(plain.stdout).to.match(/^corral_\S{40,}\n$/)
    expect(plain.stderr).to.include('(back, admin)').and.include('ctl.js config set token').and.not.include(plain.stdout.trim())
    const viewer = JSON.parse((await create('--name', 'eyes', '--role', 'viewer', '--json')).stdout) as Record<string, unknown>
    expect(viewer).to.include({ name: 'eyes', role: 'viewer', expires_at: null }).and.have.property('token')
    for (const args of [['--name', ''], ['--name', 'two\nlines'], ['--role', 'slave']]) expect(await create(...args), args.join(' ')).to.include({ code: 2, stdout: '' })

    await cluster.startMaster()
    const token = plain.stdout.trim()
    const { list } = await cluster.api(listTokens, {}, { token })
    expect(list.map(({ name }) => name)).to.include.members(['administrator', 'back', 'eyes'])
    expect(await failureOf(cluster.api(listTokens, {}, { token: String(viewer['token']) }))).to.include({ code: 'forbidden' })
    const idOf = (name: string): number => list.find((each) => each.name === name)?.id ?? 0
    await cluster.api(revokeToken, { token_id: idOf('administrator') }, { token })
    expect(await failureOf(cluster.api(revokeToken, { token_id: idOf('back') }, { token }))).to.include({ code: 'conflict' })
    expect((await cluster.api(listTokens, {}, { token })).list).to.not.deep.equal([])
  })

  it('makes no database where there is none', async () => {
    const cwd = await temporaryDirectory(cleanups)
    expect(await runToEnd('master', ['token', 'create'], { cwd })).to.include({ code: 2 })
    await runToEnd('master', ['bootstrap'], { cwd })
    await rm(join(cwd, 'data'), { recursive: true })
    expect(await runToEnd('master', ['token', 'create'], { cwd })).to.include({ code: 5 })
    expect(existsSync(join(cwd, 'data'))).to.equal(false)
  })
})

describe('joining', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { slaves: [] }) })
  after(() => cleanups.run())

  const join_ = (name: string, token: string, url = cluster.url) =>
    runToEnd('slave', ['join', url, token, '--name', name, '--config', `config-${name}.json`], { cwd: cluster.directory })

  it('uses the bootstrap\'s token up, and writes a config that only its owner can read', async () => {
    const first = await join_('first', cluster.joinToken)
    expect(first, first.stderr).to.include({ code: 0 })
    expect((await stat(join(cluster.directory, 'config-first.json'))).mode & 0o077).to.equal(0)
    const second = await join_('second', cluster.joinToken)
    expect(second.code).to.equal(4)
    expect(second.stderr.trim().split('\n')).to.have.length(1)
    expect(existsSync(join(cluster.directory, 'config-second.json'))).to.equal(false)
    expect((await join_('first', cluster.joinToken)).code, 'its config is there').to.equal(6)
  })

  it('leaves the token unused where its data directory or its config can\'t be made, and says which path', async () => {
    const { token } = await cluster.api(createJoinToken, {})
    for (const [option, path] of [['--data-directory', '/proc/nope/deep'], ['--data-directory', '/proc/self'], ['--config', '/proc/nope/config.json']] as const) {
      const { code, stderr } = await runToEnd('slave', ['join', cluster.url, token, '--name', 'rootless', '--config', 'rootless.json', option, path], { cwd: cluster.directory })
      expect({ code, stderr }).to.include({ code: 2 }).with.property('stderr').that.matches(/^Cannot .* the directory \/proc\/\S+ \(E.*\n$/)
      expect(existsSync(join(cluster.directory, 'rootless.json'))).to.equal(false)
    }
    expect(await runToEnd('slave', ['join', cluster.url, token, '--name', 'rootless', '--config', 'rootless.json', '--data-directory', 'deep/data'], { cwd: cluster.directory })).to.include({ code: 0 })
    const config = join(cluster.directory, 'rootless.json')
    await writeFile(config, (await readFile(config, 'utf8')).replace(/"data_directory": "[^"]*"/, '"data_directory": "/proc/nope/deep"'))
    const run = await runToEnd('slave', ['run', '--config', 'rootless.json'], { cwd: cluster.directory })
    expect(run.code).to.equal(2)
    expect(run.stderr).to.include('Cannot make the directory /proc/nope/deep (ENOENT')
  })

  it('needs the certificate authority\'s file that was named, before anything is asked', async () => {
    const { code, stderr } = await runToEnd('slave', ['join', cluster.url, cluster.joinToken, '--name', 'blind', '--tls-ca', 'nofile', '--config', 'blind.json'], { cwd: cluster.directory })
    expect(code).to.equal(2)
    expect(stderr).to.match(/^Cannot read .*nofile: ENOENT.*\n$/)
  })

  it('takes the token from stdin or the environment, where it does not show; in the command line it warns', async () => {
    const { token } = await cluster.api(createJoinToken, { uses: 3 })
    const arguments_ = (name: string): string[] => ['join', cluster.url, '--name', name, '--config', `config-${name}.json`]
    const piped = await runToEnd('slave', [...arguments_('piped'), '--token-stdin'], { cwd: cluster.directory, input: `${token}\n` })
    expect(piped).to.include({ code: 0, stderr: '' })
    const fromEnvironment = await runToEnd('slave', arguments_('environment'), { cwd: cluster.directory, env: { CORRAL_JOIN_TOKEN: token } })
    expect(fromEnvironment).to.include({ code: 0, stderr: '' })
    const open = await join_('open', token)
    expect(open.code).to.equal(0)
    expect(open.stderr).to.include('--token-stdin').and.not.include(token)
    const none = await runToEnd('slave', arguments_('none'), { cwd: cluster.directory })
    expect(none.code).to.equal(2)
    expect(none.stderr.trim().split('\n')).to.have.length(1)
    expect(none.stderr).to.include('--token-stdin')
  })

  it('lets exactly one of many in with a token for one', async () => {
    const { token } = await cluster.api(createJoinToken, { uses: 1 })
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => cluster.api(joinSlave, { name: `racer-${i}` }, { token })))
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    for (const result of results) {
      if (result.status === 'rejected') expect((result.reason as { code: string }).code).to.be.oneOf(['unauthenticated', 'conflict', 'forbidden'])
    }
    const { list } = await cluster.api(listSlaves, {})
    expect(list.filter(({ name }) => name.startsWith('racer-'))).to.have.length(1)
  })

  it('counts the uses of a token for several, joined one after the other or at once', async () => {
    const { token } = await cluster.api(createJoinToken, { uses: 3 })
    expect(await cluster.api(joinSlave, { name: 'third-0' }, { token })).to.include({ name: 'third-0' })
    const results = await Promise.allSettled([1, 2, 3].map((i) => cluster.api(joinSlave, { name: `third-${i}` }, { token })))
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(2)
    expect(await failureOf(cluster.api(joinSlave, { name: 'third-9' }, { token }))).to.include({ code: 'unauthenticated' })
  })

  it('refuses a name in use, once or in a race, and the token is good for another', async () => {
    const { token } = await cluster.api(createJoinToken, { uses: 2 })
    const [one, two] = await Promise.allSettled([1, 2].map(() => cluster.api(joinSlave, { name: 'twin' }, { token })))
    expect([one?.status, two?.status]).to.have.members(['fulfilled', 'rejected'])
    expect(await failureOf(cluster.api(joinSlave, { name: 'twin' }, { token }))).to.include({ code: 'name_in_use' })
    expect(await cluster.api(joinSlave, { name: 'other' }, { token })).to.include({ name: 'other' })
  })

  it('of a slave that lost its token is refused with the way back, which works', async () => {
    await cluster.addSlave('lost')
    const lost = cluster.slave('lost')
    const { id } = (await cluster.api(listSlaves, {})).list.find(({ name }) => name === 'lost') ?? { id: 0 }
    const { id: tokenId } = (await cluster.api(listTokens, {})).list.find(({ name }) => name === 'slave lost') ?? { id: 0 }
    await cluster.api(revokeToken, { token_id: tokenId })
    await lost.untilLog(new RegExp(`ctl slave create-token ${id}`))
    await lost.end('SIGTERM')

    const { token: joinToken } = await cluster.api(createJoinToken, {})
    const again = await runToEnd('slave', ['join', cluster.url, '--name', 'lost', '--config', 'again.json'], { cwd: cluster.directory, env: { CORRAL_JOIN_TOKEN: joinToken } })
    expect(again.code).to.equal(6)
    expect(again.stderr).to.include(`\`ctl slave create-token ${id}\``).and.include('slave config set token')

    const { token, name } = await cluster.api(createSlaveToken, { slave_id: id })
    expect(name).to.equal('lost')
    expect((await runToEnd('slave', ['config', 'set', 'token', token, '--config', 'config-slave-lost.json'], { cwd: cluster.directory })).code).to.equal(0)
    const back = new Program('slave', ['run', '--config', 'config-slave-lost.json'], { cwd: cluster.directory })
    cleanups.add(() => back.end('SIGKILL'))
    await eventually(async () => expect((await cluster.api(listSlaves, {})).list.find((slave) => slave.id === id)).to.include({ connected: true }))
  })

  it('refuses what is no join token, no name and no address, each in one line', async () => {
    for (const [name, token, url, code] of [
      ['admin', cluster.token, cluster.url, 0],
      ['wrong', 'corral_wrong', cluster.url, 4],
      ['no name', cluster.joinToken, cluster.url, 2],
      ['nowhere', cluster.joinToken, `http://127.0.0.1:${await freePort()}`, 3],
      ['nothing', cluster.joinToken, 'not an address', 2],
    ] as const) {
      if (code === 0) continue
      const result = await join_(name, token, url)
      expect(result.code, `${name}: ${result.stderr}`).to.equal(code)
      expect(result.stderr.trim().split('\n'), result.stderr).to.have.length(1)
    }
  })

  it('is over for a slave that was removed: it keeps trying, and says that it must join again', async () => {
    await cluster.addSlave('leaving')
    const { list } = await cluster.api(listSlaves, {})
    const { id } = list.find(({ name }) => name === 'leaving') ?? { id: 0 }
    await cluster.api(removeSlave, { slave_id: id })
    await cluster.slave('leaving').untilLog(/does not accept this slave's token.*join again/)
    expect(cluster.slave('leaving').isRunning).to.equal(true)
    expect((await cluster.slave('leaving').end('SIGTERM')).code).to.equal(0)
  })

  it('allows one slave at a time in a data directory', async () => {
    await cluster.addSlave('only')
    const second = await runToEnd('slave', ['run', '--config', 'config-slave-only.json'], { cwd: cluster.directory })
    expect(second.code).to.equal(6)
    expect(second.stderr).to.include('another slave does')
    expect(cluster.slave('only').isRunning).to.equal(true)
  })

  it('is not lost on a slave that finds no master: it says so once and goes on trying', async () => {
    await cluster.addSlave('patient')
    await cluster.slave('patient').end('SIGTERM')
    await cluster.master.end('SIGTERM')
    const patient = new Program('slave', ['run', '--config', 'config-slave-patient.json'], { cwd: cluster.directory })
    cleanups.add(() => patient.end('SIGKILL'))
    await patient.untilLog(/Games go on, trying again/)
    await cluster.startMaster()
    await patient.untilLog(/Connected to the master/)
    expect(patient.log.match(/trying again/g)).to.have.length(1)
  })
})
