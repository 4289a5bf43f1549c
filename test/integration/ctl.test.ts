import { expect } from 'chai'
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

  it('says in one line what is wrong, with the exit code of the error', async () => {
    await done('instance', 'create', 'taken', '--template', 'sample')
    expectOneLine(await cluster.ctl('instance', 'create', 'taken', '--template', 'sample'), 6)
    expect(expectOneLine(await cluster.ctl('instance', 'start', 'takn'), 5)).to.include('taken')
    expect(expectOneLine(await cluster.ctl('instance', 'create', 'new', '--template', 'sampel'), 5)).to.include('sample')
    expectOneLine(await cluster.ctl('instance', 'create', 'two words', '--template', 'sample'), 2)
    const { token } = await cluster.api(createToken, { name: 'eyes', role: 'viewer' })
    await done('instance', 'list')
    const viewer = await runToEnd('ctl', ['instance', 'start', 'taken'], { cwd: cluster.directory, env: { CORRAL_URL: cluster.url, CORRAL_TOKEN: token } })
    expect(expectOneLine(viewer, 4)).to.include('instance.control')
  })

  it('shows why a game did not start', async () => {
    await done('instance', 'create', 'stillborn', '--template', 'sample', '--set', 'crash_on_start=true', '--restart', 'never')
    const { code, stderr } = await cluster.ctl('instance', 'start', 'stillborn', '--wait')
    expect(code).to.equal(1)
    expect(stderr).to.include('[error] crash_on_start is set')
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

  it('does not reach a master that is not there: one line, exit 3', async () => {
    await cluster.master.end('SIGTERM')
    const url = (JSON.parse(await readFile(join(cluster.directory, 'config-control.json'), 'utf8')) as { url: string }).url
    expect(expectOneLine(await cluster.ctl('instance', 'list'), 3)).to.include(url)
    await cluster.startMaster()
  })
})
