import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { createJoinToken, listSlaves } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { runToEnd } from '../helpers/program.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

describe('a cluster with TLS', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let certificate: string
  before(async () => {
    const directory = await temporaryDirectory(cleanups)
    certificate = join(directory, 'cert.pem')
    const key = join(directory, 'key.pem')
    await promisify(execFile)('openssl', [
      'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=corral test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate,
    ])
    cluster = await TestCluster.start(cleanups, { scheme: 'https', tlsCa: certificate, masterArgs: ['--tls-cert', certificate, '--tls-key', key] })
  })
  after(() => cleanups.run())

  it('serves slaves, controls and HTTP that trust its certificate', async () => {
    const { id } = await cluster.create('secure')
    expect(await cluster.api(startInstance, { instance_id: id, wait: true })).to.deep.equal({ status: 'running' })
    const control = await cluster.link()
    expect((await control.send(listSlaves, {})).list[0]).to.include({ name: 'east', connected: true })
  })

  it('is joined with the command that an invitation prints, which names the authority that ctl trusts', async () => {
    const env = { CORRAL_URL: cluster.url, CORRAL_TOKEN: cluster.token, CORRAL_TLS_CA: certificate }
    const { stdout, stderr } = await runToEnd('ctl', ['slave', 'invite'], { cwd: cluster.directory, env })
    const [command = '', token = ''] = stdout.split('\n')
    expect(command).to.match(/ --name NAME --tls-ca \S+$/)
    expect(stderr).to.include(`copy ${certificate} to its host`)
    const [, ...args] = command.replace('NAME', 'north').replace(/^node \S+ /, 'slave ').split(' ')
    const joined = await runToEnd('slave', [...args, '--config', 'north.json'], { cwd: cluster.directory, env: { CORRAL_JOIN_TOKEN: token } })
    expect(joined.code, joined.stderr).to.equal(0)
  })

  it('is not joined or used by who does not trust it, nor without TLS', async () => {
    expect(await failureOf(cluster.link({ ca: undefined }))).to.include({ code: 'unreachable' })
    const { token } = await cluster.api(createJoinToken, {})
    const joined = await runToEnd('slave', ['join', cluster.url, token, '--name', 'west', '--config', 'west.json'], { cwd: cluster.directory })
    expect(joined.code).to.equal(3)
    expect(joined.stderr).to.match(/certificate|self.signed/i).and.include('--tls-ca FILE')
    const unsafe = await runToEnd('slave', ['join', cluster.url.replace('https', 'http'), token, '--name', 'west', '--config', 'west.json'], { cwd: cluster.directory })
    expect(unsafe.stderr).to.include('https://')
    for (const [url, advice] of [[cluster.url, 'tls_ca'], [cluster.url.replace('https', 'http'), 'https://']] as const) {
      const listed = await runToEnd('ctl', ['slave', 'list'], { cwd: cluster.directory, env: { CORRAL_URL: url, CORRAL_TOKEN: cluster.token } })
      expect(listed.code).to.equal(3)
      expect(listed.stderr).to.include(advice)
    }
    expect(await failureOf(cluster.link({ ca: undefined, settings: {} }))).to.include({ code: 'unreachable' })
    const plain = await fetch(cluster.url.replace('https', 'http')).then(() => 'answered', () => 'refused')
    expect(plain).to.equal('refused')
  })

  it('warns at the start that its certificate expires soon, and says to who reaches it by another name what names it has', async () => {
    expect(cluster.master.log).to.match(/The TLS certificate expires on \d{4}-.*, in 1 day; renew /)
    const { code, stderr } = await runToEnd('ctl', ['slave', 'list'], {
      cwd: cluster.directory, env: { CORRAL_URL: cluster.url.replace('127.0.0.1', 'localhost'), CORRAL_TOKEN: cluster.token, CORRAL_TLS_CA: certificate },
    })
    expect(code).to.equal(3)
    expect(stderr).to.include('is not for localhost but for IP Address:127.0.0.1. Reach')
  })

  it('refuses to run with half of the pair, or with files that are no certificate', async () => {
    await cluster.master.end('SIGTERM')
    const half = await runToEnd('master', ['run', '--tls-cert', certificate], { cwd: cluster.directory })
    expect(half.code).to.equal(2)
    expect(half.stderr).to.include('--tls-key').and.include('tls_key')
    const junk = join(cluster.directory, 'junk.pem')
    await writeFile(junk, 'junk')
    for (const file of [junk, join(cluster.directory, 'missing.pem')]) {
      const { code, stderr } = await runToEnd('master', ['run', '--tls-cert', certificate, '--tls-key', file], { cwd: cluster.directory })
      expect(code, stderr).to.equal(2)
      expect(stderr.trim().split('\n'), stderr).to.have.length(1)
    }
    await cluster.startMaster()
  })
})
