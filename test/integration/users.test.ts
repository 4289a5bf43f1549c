import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../lib/package-root.ts'
import { createToken } from '../../lib/link/messages/cluster.ts'
import { createUser, deleteUser, listUsers, setUserPassword } from '../../lib/link/messages/users.ts'
import { BesterClient, login, loginReport } from '../helpers/bester.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { freePort } from '../helpers/free-port.ts'

const secret = 'a password that nobody may see'

describe('users of a running cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let port = 0
  before(async () => {
    port = await freePort()
    cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'bester.enabled': true, 'bester.tcp4_port': port, 'bester.tcp6_port': 0, 'log_level': 'debug' } })
  })
  after(() => cleanups.run())

  /** ctl with something on stdin, as `printf … | ctl …` has it. */
  async function ctl(input: string, ...args: string[]) {
    const child = spawn(process.execPath, [join(packageRoot, 'bin/ctl.js'), ...args], { cwd: cluster.directory, stdio: ['pipe', 'pipe', 'pipe'] })
    const printed = { stdout: '', stderr: '' }
    child.stdout.on('data', (data: Buffer) => { printed.stdout += data.toString() })
    child.stderr.on('data', (data: Buffer) => { printed.stderr += data.toString() })
    const commandLine = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
    child.stdin.end(input)
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve) })
    return { ...printed, code, commandLine }
  }

  async function mayLogIn(name: string, password: string): Promise<boolean> {
    const client = new BesterClient({ port })
    cleanups.add(() => { client.socket.destroy() })
    const answer: unknown = await client.send(login(name, password)).next()
    return JSON.stringify(answer) === JSON.stringify(loginReport)
  }

  it('are made, shown, given a password and deleted with ctl, and log in at a door', async () => {
    const made = await ctl(`${secret}\n`, 'user', 'create', 'ann', '--role', 'admin', '--password-stdin', '--output', 'json')
    expect(made.code, made.stderr).to.equal(0)
    expect(JSON.parse(made.stdout)).to.include({ name: 'ann', role: 'admin' }).and.have.keys('id', 'name', 'role', 'created_at', 'password_changed_at')
    expect(await mayLogIn('ann', secret)).to.equal(true)

    expect((await ctl('any password', 'user', 'create', 'ann', '--password-stdin')).code).to.equal(6)
    expect((await ctl('the second', 'user', 'set-password', 'ann', '--password-stdin')).stdout).to.equal('ann: has a new password\n')
    expect([await mayLogIn('ann', secret), await mayLogIn('ann', 'the second')]).to.deep.equal([false, true])
    expect((await ctl('any password', 'user', 'set-password', 'nobody', '--password-stdin')).code).to.equal(5)

    const listed = JSON.parse((await ctl('', 'user', 'list', '-o', 'json')).stdout) as { name: string; role: string }[]
    expect(listed.map(({ name, role }) => [name, role])).to.deep.equal([['ann', 'admin']])
    expect((await ctl('', 'user', 'list')).stdout).to.match(/ID {2}NAME .*PASSWORD SET\n +1 {2}ann +admin/)
    const deleted = await ctl('', 'user', 'delete', 'ann', 'nobody', '-o', 'json')
    expect([deleted.code, JSON.parse(deleted.stdout)]).to.deep.equal([5, [{ id: 1, name: 'ann', deleted: true }]])
    expect(await mayLogIn('ann', 'the second')).to.equal(false)
    expect((await ctl('', 'user', 'list')).stdout).to.match(/No users\. Make one/)

    for (const text of [made.commandLine, made.stdout, made.stderr, cluster.master.log]) expect(text).to.not.include(secret)
  })

  it('are not made without a password or with a short one, or where none can be asked for', async () => {
    for (const [input, args] of [['', ['--password-stdin']], ['7 signs', ['--password-stdin']], ['', []], ['x', []]] as const) {
      const { code, stderr } = await ctl(input, 'user', 'create', 'nobody', ...args)
      expect(code, stderr).to.equal(2)
    }
    expect((await ctl('any password', 'user', 'create', 'x', '--role', 'emperor', '--password-stdin')).code).to.equal(2)
  })

  it('are served over HTTP as over the link, and only to those who may', async () => {
    const { user } = await cluster.api(createUser, { name: 'bob', password: 'any password' })
    expect(user.role).to.equal('viewer')
    const { token } = await cluster.api(createToken, { name: 'viewer', role: 'viewer' })
    expect((await cluster.api(listUsers, {}, { token })).list.map(({ name }) => name)).to.deep.equal(['bob'])
    for (const attempt of [cluster.api(createUser, { name: 'x', password: 'any password' }, { token }), cluster.api(setUserPassword, { user_id: user.id, password: 'any password' }, { token }), cluster.api(deleteUser, { user_id: user.id }, { token })]) {
      expect((await failureOf(attempt)).code).to.equal('forbidden')
    }
    const link = await cluster.link()
    expect((await link.send(setUserPassword, { user_id: user.id, password: 'any other' })).user.name).to.equal('bob')
    expect((await failureOf(link.send(deleteUser, { user_id: 99 }))).code).to.equal('not_found')
    await link.send(deleteUser, { user_id: user.id })
  })

  it('have names that say who they are', async () => {
    for (const name of ['', ' ', ' ann', 'ann ', '12', 'a\nb', 'a\u0000b', 'a\u200bb', 'x'.repeat(65)]) {
      expect((await failureOf(cluster.api(createUser, { name, password: 'any password' }))).code, JSON.stringify(name)).to.equal('invalid_request')
    }
    for (const name of ['é', 'Ann Lee', 'ann@example.org', 'a', '__proto__', 'x'.repeat(64), '1a']) {
      await cluster.api(createUser, { name, password: 'any password' })
      expect(await mayLogIn(name, 'any password'), name).to.equal(true)
    }
    for (const password of ['', '7 signs', 'x'.repeat(1_025)]) expect((await failureOf(cluster.api(createUser, { name: 'y', password }))).code).to.equal('invalid_request')
  })

  it('survive a master that is killed', async () => {
    await cluster.api(createUser, { name: 'lasting', password: secret })
    await cluster.master.end('SIGKILL')
    await cluster.startMaster()
    expect(await mayLogIn('lasting', secret)).to.equal(true)
  })
})
