import { expect } from 'chai'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createToken } from '../../lib/link/messages/cluster.ts'
import { sendRcon } from '../../lib/link/messages/console.ts'
import type { InstanceInfo } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { Program, runToEnd } from '../helpers/program.ts'
import type { Finished } from '../helpers/program.ts'

describe('ctl with a running cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  async function done(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cluster.ctl(...args)
    expect(code, `ctl ${args.join(' ')}: ${stderr}`).to.equal(0)
    return stdout
  }

  function expectOneLine({ code, stdout, stderr }: Finished, exit: number): string {
    expect(code, stderr).to.equal(exit)
    expect(stdout).to.equal('')
    expect(stderr.trim().split('\n'), stderr).to.have.length(1)
    return stderr
  }

  it('takes an instance through its life', async () => {
    await done('instance', 'create', 'arena', '--template', 'sample', '--set', 'server_name=The Arena')
    await done('instance', 'start', 'arena', '--wait')
    const [arena] = JSON.parse(await done('instance', 'list', '-o', 'json')) as InstanceInfo[]
    expect(arena).to.include({ name: 'arena', status: 'running', slave: 'east', desired: 'running' })
    await done('instance', 'send', 'arena', 'say hello there')
    await cluster.untilConsole(arena?.id ?? 0, 'hello there')
    expect(await done('instance', 'logs', 'arena', '--tail', '1')).to.equal('[chat] <server>: hello there\n')
    await done('instance', 'config', 'set', 'arena', 'variables.server_name', 'Renamed')
    await done('instance', 'restart', 'arena', '--wait')
    expect(await done('instance', 'logs', 'arena')).to.include('Renamed is ready')
    await done('instance', 'stop', 'arena', '--wait')
    expect(expectOneLine(await cluster.ctl('instance', 'delete', 'arena'), 2)).to.include('--yes')
    await done('instance', 'delete', 'arena', '--yes')
    expect(JSON.parse(await done('instance', 'list', '-o', 'json'))).to.deep.equal([])
  })

  it('says what will be where it does not wait until it is', async () => {
    await cluster.create('hasty', { variables: { start_delay_ms: 1_000 } })
    expect(await done('instance', 'start', 'hasty')).to.match(/^hasty: (?:starting|stopped, is being started)\n$/)
    await done('instance', 'start', 'hasty', '--wait')
    expect(await done('instance', 'start', 'hasty')).to.equal('hasty: running\n')
    expect(await done('instance', 'restart', 'hasty')).to.match(/^hasty: \w+, is being restarted\n$/)
    await done('instance', 'start', 'hasty', '--wait')
    expect(await done('instance', 'stop', 'hasty')).to.match(/^hasty: (?:stopping|stopped|running, is being stopped)\n$/)
    await done('instance', 'stop', 'hasty', '--wait')
    expect(JSON.parse(await done('instance', 'stop', 'hasty', '-o', 'json'))).to.have.all.keys('id', 'name', 'status')
    expect(await done('instance', 'create', 'hastier', '--template', 'sample', '--start')).to.match(/^hastier: created on east, (?:starting|running|stopped, is being started)\n$/)
    await done('instance', 'delete', 'hasty', 'hastier', '--yes')
  })

  it('does not say that an instance is being started whose start was refused', async () => {
    const blocker = createServer().listen(0, '0.0.0.0')
    await once(blocker, 'listening')
    cleanups.add(() => { blocker.close() })
    const { port } = blocker.address() as AddressInfo
    const { code, stdout } = await cluster.ctl('instance', 'create', 'refused', '--template', 'sample', '--port', `game=${port}`, '--start')
    expect({ code, stdout }).to.deep.equal({ code: 6, stdout: 'refused: created on east, stopped\n' })
    await done('instance', 'delete', 'refused', '--yes')
  })

  it('says that a start goes on which is no longer waited for, and nothing else', async () => {
    const { id } = await cluster.create('patience', { variables: { start_delay_ms: 60_000 } })
    const waiting = new Program('ctl', ['instance', 'start', 'patience', '--wait'], { cwd: cluster.directory })
    cleanups.add(() => waiting.end('SIGKILL'))
    await cluster.until(id, ({ status }) => status === 'starting')
    expect(await waiting.end('SIGINT')).to.include({ code: 130, stdout: '', stderr: 'interrupted; the start goes on\n' })
    expect(await cluster.state(id)).to.include({ status: 'starting' })
    await done('instance', 'kill', 'patience')
    await done('instance', 'delete', 'patience', '--yes')
  })

  it('says which slave is away', async () => {
    await cluster.addSlave('absent')
    await done('instance', 'create', 'remote', '--template', 'sample', '--slave', 'absent')
    await cluster.slave('absent').end('SIGKILL')
    await cluster.untilConnected('absent', false)
    expect(expectOneLine(await cluster.ctl('instance', 'start', 'remote'), 1)).to.equal('remote: Slave absent, which has the instance, is not connected; see `ctl slave show absent`\n')
    expect(expectOneLine(await cluster.ctl('instance', 'delete', 'remote', '--yes'), 1)).to.match(/^remote: Slave absent, .*with --force/)
    await done('slave', 'remove', 'absent', '--force', '--yes')
  })

  it('says in words that a name is empty', async () => {
    expect(expectOneLine(await cluster.ctl('instance', 'create', '', '--template', 'sample'), 2)).to.equal('"name" must not be empty\n')
  })

  it('says when a change of an instance takes effect', async () => {
    await done('instance', 'create', 'changing', '--template', 'sample')
    expect(await done('instance', 'config', 'set', 'changing', 'variables.server_name', 'X')).to.equal('changing: variables.server_name is set; it takes effect at the next start\n')
    expect(await done('instance', 'config', 'set', 'changing', 'restart_policy', 'never')).to.equal('changing: restart_policy is set\n')
    await done('instance', 'delete', 'changing', '--yes')
  })

  it('shows a port that is not set as one that the slave chooses, also after it was set', async () => {
    const created = await cluster.create('ported', { template: 'sample' })
    const { ports } = await cluster.state(created.id)
    const [[port, chosen] = ['', 0]] = Object.entries(ports)
    const field = `ports.${port}`
    const unset = async (): Promise<void> => {
      const { code, stdout, stderr } = await cluster.ctl('instance', 'config', 'get', 'ported', field)
      expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '\n', stderr: `${field} is at its default: the slave has chosen ${chosen}\n` })
      expect(await done('instance', 'config', 'get', 'ported', field, '-o', 'json')).to.equal('null\n')
      expect(await done('instance', 'config', 'get', 'ported')).to.match(new RegExp(`^${field} +-$`, 'm'))
    }
    await unset()
    await done('instance', 'config', 'set', 'ported', field, '2222')
    expect(await done('instance', 'config', 'get', 'ported', field)).to.equal('2222\n')
    await done('instance', 'config', 'set', 'ported', field, '--unset')
    await cluster.until(created.id, ({ ports: now }) => now[port] === chosen)
    await unset()
    expect(expectOneLine(await cluster.ctl('instance', 'config', 'get', 'ported', 'ports.nope'), 5)).to.include(field)
    await done('instance', 'delete', 'ported', '--yes')
  })

  it('says in words what a name must be', async () => {
    const told = expectOneLine(await cluster.ctl('instance', 'create', 'are na', '--template', 'sample'), 2)
    expect(told).to.include('must have 1 to 63 letters').and.include('not "are na"').and.not.include('^')
  })

  it('removes a slave that has instances only when that is meant', async () => {
    await cluster.addSlave('leaving')
    await done('instance', 'create', 'left', '--template', 'sample', '--slave', 'leaving')
    expect(expectOneLine(await cluster.ctl('slave', 'remove', 'leaving', '--force'), 2)).to.include('leaving (1 instance)').and.include('--yes')
    expect(await done('slave', 'list')).to.include('leaving')
    await done('slave', 'remove', 'leaving', '--force', '--yes')
    expect(await done('slave', 'list')).not.to.include('leaving')
    const again = await runToEnd('slave', ['join', cluster.url, 'corral_none', '--config', 'config-slave-leaving.json'], { cwd: cluster.directory })
    expect(expectOneLine(again, 6)).to.include('delete config-slave-leaving.json')
  })

  it('says in one line what is wrong, with the exit code of the error', async () => {
    await done('instance', 'create', 'taken', '--template', 'sample')
    expectOneLine(await cluster.ctl('instance', 'create', 'taken', '--template', 'sample'), 6)
    expect(expectOneLine(await cluster.ctl('instance', 'start', 'takn'), 5)).to.include('taken')
    expect(expectOneLine(await cluster.ctl('instance', 'create', 'new', '--template', 'sampel'), 5)).to.include('sample')
    expect(expectOneLine(await cluster.ctl('instance', 'create', 'two words', '--template', 'sample'), 2)).to.match(/^"name" must have 1 to 63 letters/)
    const { token } = await cluster.api(createToken, { name: 'eyes', role: 'viewer' })
    await done('instance', 'list')
    const viewer = await runToEnd('ctl', ['instance', 'start', 'taken'], { cwd: cluster.directory, env: { CORRAL_URL: cluster.url, CORRAL_TOKEN: token } })
    expect(expectOneLine(viewer, 4)).to.include('instance.control')
  })

  it('says that a name is given twice, and what may be done with a token whose role nobody named', async () => {
    const first = await cluster.ctl('token', 'create', 'bob', '--role', 'viewer')
    expect(first.stderr).not.to.match(/Others|admin/)
    const second = await cluster.ctl('token', 'create', 'bob')
    expect(second.stdout).to.match(/^corral_\S+\n$/)
    expect(second.stderr).to.match(/Others named bob stay good \(id \d+\)/).and.include('--role viewer')
  })

  it('prints the token of an invitation apart from the command line, where it would show', async () => {
    expect(await done('slave', 'invite')).to.match(/^node \S+\/bin\/slave\.js join http:\S+ --name NAME\ncorral_\S+\n/)
  })

  it('shows why a game did not start', async () => {
    await done('instance', 'create', 'stillborn', '--template', 'sample', '--set', 'crash_on_start=true', '--restart', 'never')
    const { code, stderr } = await cluster.ctl('instance', 'start', 'stillborn', '--wait')
    expect(code).to.equal(1)
    expect(stderr).to.include('[error] crash_on_start is set')
  })

  it('says that a start goes on which takes longer than it may wait', async () => {
    const slow = await cluster.ctl('instance', 'create', 'slow', '--template', 'sample', '--set', 'start_delay_ms=20000', '--start', '--wait', '--timeout', '1s')
    expect(slow.code).to.equal(7)
    expect(slow.stderr).to.equal('slow: starting takes longer than 1 s and goes on; see `ctl instance show slow`\n')
    expect(slow.stdout).to.equal('slow: created on east, starting\n')
    expect(expectOneLine(await cluster.ctl('instance', 'restart', 'slow', '--wait', '--timeout', '1s'), 7)).to.include('restarting takes longer than 1 s')
    expect(expectOneLine(await cluster.ctl('instance', 'list', '--timeout', '1ms'), 7)).to.include('within 1 ms')
    await done('instance', 'delete', 'slow', '--yes')
  })

  it('prints what the last line of a script brings before it ends', async () => {
    await cluster.create('scripted')
    await done('instance', 'start', 'scripted', '--wait')
    const { code, stdout } = await runToEnd('ctl', ['instance', 'console', 'scripted', '--exit-on-eof'], { cwd: cluster.directory, input: 'say one\nsay two\n' })
    expect(code).to.equal(0)
    expect(stdout).to.match(/: one\n\[chat\] <server>: two\n$/)
    expect(expectOneLine(await cluster.ctl('instance', 'logs', 'scripted', '--from', '999999'), 2)).to.include('beyond the end of run 1')
    expect(expectOneLine(await cluster.ctl('instance', 'logs', 'scripted', '--run', '9'), 5)).to.include('`ctl instance logs NAME --runs`')
  })

  it('shows secrets only to who asks for them', async () => {
    await cluster.create('guarded', { template: 'teeworlds' })
    const shown = await done('instance', 'config', 'get', 'guarded')
    expect(shown).to.match(/^variables\.econ_password +\*{8}$/m)
    const hidden = await cluster.ctl('instance', 'config', 'get', 'guarded', 'variables.econ_password')
    expect(hidden).to.include({ code: 0, stdout: '********\n', stderr: 'This is a secret; --secrets shows it\n' })
    const password = (await done('instance', 'config', 'get', 'guarded', 'variables.econ_password', '--secrets')).trim()
    expect(password).to.match(/^\w{24}$/)
    expect(await done('instance', 'config', 'set', 'guarded', 'variables.server_name', 'x', '-o', 'json')).not.to.include(password)
  })

  it('names the option or the program that is meant, not what stands for it on the link', async () => {
    expect(expectOneLine(await cluster.ctl('slave', 'invite', '--uses', '0'), 2)).to.match(/^--uses must be/)
    expect(expectOneLine(await cluster.ctl('slave', 'invite', '--expires', '5'), 2)).to.include('5s, 5m, 5h or 5d')
    expect(expectOneLine(await cluster.ctl('template', 'show', 'bogus'), 5)).to.equal('There is no template "bogus"; see `ctl template list`\n')
    expect(await done('slave', 'list')).to.match(/ Corral \d+\.\d+\.\d+  127\.0\.0\.1/)
    expect(await done('slave', 'show', 'east')).to.match(/^protocol version +2\.0\.0$/m)
  })

  it('follows a console over runs and restarts of slave and master, and loses no line', async () => {
    const { id } = await cluster.create('followed')
    await done('instance', 'start', 'followed', '--wait')
    const follower = new Program('ctl', ['instance', 'logs', 'followed', '--follow'], { cwd: cluster.directory })
    cleanups.add(() => follower.end('SIGKILL'))
    const say = (text: string): Promise<unknown> => eventually(() => cluster.api(sendRcon, { instance_id: id, command: `say ${text}` }), { deadlineMs: 10_000 })
    await say('one')
    await eventually(() => expect(follower.output).to.include('server>: one\n'), { deadlineMs: 10_000 })
    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    await say('two')
    await cluster.master.end('SIGKILL')
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await say('three')
    await done('instance', 'restart', 'followed', '--wait')
    await say('four')
    await eventually(() => expect(follower.output).to.include('server>: four\n'), { deadlineMs: 10_000 })
    const expected = Buffer.concat([await cluster.console(id, 1), await cluster.console(id, 2)]).toString()
    expect(follower.output).to.equal(expected)
    expect((await follower.end('SIGINT')).code).to.be.oneOf([0, 130])
  })

  it('says of each line that is typed without a connection what became of it, and when there is one again', async () => {
    const { id } = await cluster.create('typed')
    await done('instance', 'start', 'typed', '--wait')
    const program = new Program('ctl', ['instance', 'console', 'typed'], { cwd: cluster.directory, isTypedInto: true })
    cleanups.add(() => program.end('SIGKILL'))
    await eventually(() => expect(program.output).to.include('is ready'), { deadlineMs: 10_000 })
    await cluster.master.end('SIGTERM')
    await program.untilLog(/trying to get it back/)
    program.type(`say ${'x'.repeat(100)}\n`)
    await program.untilLog(/^not sent: "say x{36}…": there is no connection to the master at the moment$/m)
    await cluster.startMaster()
    await program.untilLog(/^the connection to the master is back$/m)
    await cluster.untilConnected('east', true)
    program.type('say hello again\n')
    await cluster.untilConsole(id, 'hello again')
    await cluster.master.end('SIGKILL')
    program.type('say on its way\n')
    await cluster.startMaster()
    await program.untilLog(/^may not have been sent: "say on its way": /m)
    expect((await program.end('SIGINT')).code).to.equal(130)
  })

  it('does not reach a master that is not there: one line, exit 3', async () => {
    await cluster.master.end('SIGTERM')
    const url = (JSON.parse(await readFile(join(cluster.directory, 'config-control.json'), 'utf8')) as { url: string }).url
    expect(expectOneLine(await cluster.ctl('instance', 'list'), 3)).to.include(url)
    await cluster.startMaster()
  })
})
