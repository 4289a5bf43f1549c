import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'
import { ForeignMaster } from '../../helpers/foreign-master.ts'
import type { ConfigGroup } from '../../helpers/foreign-master.ts'
import type { ForeignPeer } from '../../helpers/foreign-peer.ts'
import { Program, runToEnd } from '../../helpers/program.ts'
import type { Finished } from '../../helpers/program.ts'
import { temporaryDirectory } from '../../helpers/temp-directory.ts'
import { corralVersion } from '../../../lib/version.ts'

const hello = '> {"seq":1,"type":"hello","data":{"version":"2.0.0"}}'
const register = `< {"seq":1,"type":"register_control","data":{"token":"foreign-token","agent":"Corral ctl ${corralVersion()}","version":"2.0.0"}}`
const ready = '> {"seq":2,"type":"ready","data":{}}'

describe('Our ctl towards a foreign master', () => {
  const cleanups = new Cleanups()
  let master: ForeignMaster
  let directory: string
  /** Requests that reached the master of what its slaves would do. */
  let forwarded: Array<readonly [type: string, data: Record<string, unknown>]>

  beforeEach(async () => {
    forwarded = []
    directory = await temporaryDirectory(cleanups)
    master = await ForeignMaster.start(cleanups, {
      answer: (type, data) => {
        if (type === 'list_slaves') return { list: [{ agent: 'Clusterio Slave', version: '2.0.0', name: 'my slave', id: 123, connected: true }, { agent: '', version: '', name: 'other', id: -4, connected: false }] }
        if (!['start_instance', 'stop_instance', 'create_save', 'delete_instance', 'send_rcon', 'assign_instance_command'].includes(type)) return undefined
        forwarded.push([type, data])
        if (data.instance_id === 3) throw new Error('Slave containing instance is not connected')
        return type === 'send_rcon' ? { result: 'the answer\n' } : {}
      },
    })
    master.instances.set(-2, instance(-2, 'My "server"', 123))
    master.instances.set(3, instance(3, 'away', -4))
    master.instances.set(4, instance(4, 'plain', null))
  })
  // The master refuses every key that the page does not list.
  afterEach(async () => {
    const faults = master.faults
    await cleanups.run()
    expect(faults).to.deep.equal([])
  })

  function instance(id: number, name: string, slave: number | null): { groups: ConfigGroup[] } {
    return { groups: [
      { name: 'instance', fields: { name, id, assigned_slave: slave, auto_start: false } },
      { name: 'factorio', fields: { version: 'latest', port: null, settings: { tags: ['a'] } } },
      { name: 'corral', fields: { template: 'sample', 'variables.server_name': 'x' } },
    ] }
  }

  function ctl(...args: string[]): Promise<Finished> {
    return runToEnd('ctl', ['--dialect', 'base', ...args], { cwd: directory, env: environment() })
  }

  function environment(): Record<string, string> {
    return { CORRAL_URL: master.url, CORRAL_TOKEN: 'foreign-token' }
  }

  /** What went over the wire of the only connection between `ready` and the goodbye. */
  async function talk(): Promise<string[]> {
    expect(master.peers).to.have.length(1)
    const wire = master.peers[0]?.wire ?? []
    await eventually(() => expect(wire.at(-1)).to.match(/^< .*"type":"close"/))
    expect(wire.slice(0, 3)).to.deep.equal([hello, register, ready])
    expect(wire.at(-1)).to.match(/^< {"seq":\d+,"type":"close","data":{"reason":"quit"}}$/)
    return wire.slice(3, -1)
  }

  it('lists slaves', async () => {
    const { code, stdout, stderr } = await ctl('slave', 'list')
    expect(stderr).to.equal('')
    expect(code).to.equal(0)
    expect(stdout.split('\n').slice(0, 3).map((line) => line.trim().split(/ {2,}/))).to.deep.equal([
      ['ID', 'NAME', 'STATE', 'INSTANCES', 'AGENT', 'ADDRESS', 'LAST SEEN'],
      ['123', 'my slave', 'connected', '0', 'Clusterio Slave', '-', '-'],
      ['-4', 'other', 'away', '0', '-', '-', '-'],
    ])
    expect(await talk()).to.deep.equal([
      '< {"seq":2,"type":"list_slaves_request","data":{}}',
      '> {"seq":3,"type":"list_slaves_response","data":{"seq":2,"list":[{"agent":"Clusterio Slave","version":"2.0.0","name":"my slave","id":123,"connected":true},{"agent":"","version":"","name":"other","id":-4,"connected":false}]}}',
    ])
  })

  it('lists instances, also as JSON', async () => {
    const { code, stdout } = await ctl('instance', 'list', '-o', 'json')
    expect(code).to.equal(0)
    const list = JSON.parse(stdout) as Array<Record<string, unknown>>
    expect(list.map(({ id, name, slave, slave_id, status }) => ({ id, name, slave, slave_id, status }))).to.deep.equal([
      { id: -2, name: 'My "server"', slave: '123', slave_id: 123, status: 'unknown' },
      { id: 3, name: 'away', slave: '-4', slave_id: -4, status: 'unknown' },
      { id: 4, name: 'plain', slave: null, slave_id: null, status: 'unknown' },
    ])
    expect((await talk())[0]).to.equal('< {"seq":2,"type":"list_instances_request","data":{}}')
  })

  it('creates an instance under an id of its own, assigns it and starts it', async () => {
    const { code, stdout } = await ctl('instance', 'create', 'web', '--template', 'sample', '--set', 'server_name=Hi', '--port', 'game=9000', '--slave', 'my slave', '--start')
    expect(code).to.equal(0)
    const [created] = [...master.instances.keys()].slice(-1)
    expect(created).to.be.within(1, 2 ** 31 - 1)
    const sent = (await talk()).filter((line) => line.startsWith('<')).map((line) => JSON.parse(line.slice(2)) as object)
    expect(sent).to.deep.equal([
      { seq: 2, type: 'list_slaves_request', data: {} },
      { seq: 3, type: 'create_instance_request', data: { serialized_config: { groups: [
        { name: 'instance', fields: { name: 'web', id: created, assigned_slave: null } },
        { name: 'corral', fields: { template: 'sample', 'variables.server_name': 'Hi', 'ports.game': 9_000 } },
      ] } } },
      { seq: 4, type: 'assign_instance_command_request', data: { instance_id: created, slave_id: 123 } },
      { seq: 5, type: 'list_instances_request', data: {} },
      { seq: 6, type: 'start_instance_request', data: { instance_id: created } },
      { seq: 7, type: 'list_instances_request', data: {} },
    ])
    expect(stdout).to.equal('web: created on my slave, running\n')
  })

  it('assigns, starts, stops, saves and deletes, and says what became of each', async () => {
    const steps: Array<readonly [args: string[], out: string, request: readonly [string, object]]> = [
      [['assign', 'plain', 'my slave'], 'plain: assigned to my slave\n', ['assign_instance_command', { instance_id: 4, slave_id: 123 }]],
      [['start', 'plain'], 'plain: running\n', ['start_instance', { instance_id: 4 }]],
      [['start', 'plain', '--wait'], 'plain: running\n', ['start_instance', { instance_id: 4 }]],
      [['save', 'My "server"'], 'My "server": saved\n', ['create_save', { instance_id: -2 }]],
      [['stop', 'plain'], 'plain: stopped\n', ['stop_instance', { instance_id: 4 }]],
      [['delete', 'plain', '--yes'], 'plain: deleted\n', ['delete_instance', { instance_id: 4 }]],
      [['send', 'plain', '/c', 'x'], 'the answer\n', ['send_rcon', { instance_id: 4, command: '/c x' }]],
    ]
    for (const [args, out, request] of steps) {
      const { code, stdout, stderr } = await ctl('instance', ...args)
      expect({ code, stdout, stderr }, args.join(' ')).to.deep.equal({ code: 0, stdout: out, stderr: '' })
      expect(forwarded.at(-1)).to.deep.equal(request)
    }
  })

  it('tells the master\'s errors word for word, with the exit codes that they have elsewhere', async () => {
    expect(await ctl('instance', 'start', 'away')).to.include({ code: 1, stderr: 'away: Slave containing instance is not connected\n' })
    expect(await ctl('instance', 'start', 'nobody')).to.include({ code: 5 })
    expect(await ctl('instance', 'config', 'set', 'plain', 'nogroup.field', 'x')).to.include({ code: 1, stderr: 'No field named \'nogroup.field\'\n' })
    master.token = 'another'
    const refused = await ctl('slave', 'list')
    expect(refused.code).to.equal(4)
    expect(refused.stderr).to.match(/does not accept ctl's token/)
    expect(master.peers.at(-1)?.wire).to.have.length(3)
  })

  it('shows a configuration group by group, and sets fields of any group', async () => {
    const { stdout, stderr } = await ctl('instance', 'config', 'get', 'plain')
    expect(stderr).to.equal('')
    for (const [field, value] of [['name', 'plain'], ['id', '4'], ['template', 'sample'], ['variables.server_name', 'x'], ['instance.auto_start', 'false'], ['factorio.version', 'latest']]) {
      expect(stdout).to.match(new RegExp(`^${field} +${value}$`, 'm'))
    }
    expect(await ctl('instance', 'config', 'get', 'plain', 'factorio.version')).to.include({ stdout: 'latest\n', code: 0 })
    const sets: Array<readonly [args: string[], field: string, value: string]> = [
      [['name', 'renamed'], 'instance.name', 'renamed'], [['variables.server_name', 'y'], 'corral.variables.server_name', 'y'],
      [['variables.server_name', '--unset'], 'corral.variables.server_name', ''], [['factorio.port', '5'], 'factorio.port', '5'], [['instance.auto_start', 'true'], 'instance.auto_start', 'true'],
    ]
    for (const [args, field, value] of sets) {
      expect((await ctl('instance', 'config', 'set', '4', ...args)).code, args.join(' ')).to.equal(0)
      const sent = master.peers.at(-1)?.frames.find(({ type }) => type === 'set_instance_config_field_request')
      expect(sent?.data).to.deep.equal({ instance_id: 4, field, value })
    }
    expect(await ctl('instance', 'config', 'set', '4', 'factorio.port', '6', '-o', 'json')).to.include({ code: 0 })
  })

  it('follows a console, and types into it', async () => {
    const ctlProgram = new Program('ctl', ['--dialect', 'base', 'instance', 'console', 'plain'], { cwd: directory, env: environment() })
    cleanups.add(() => ctlProgram.end('SIGKILL'))
    const peer = await eventually(() => {
      const found = master.peers[0]
      if (!found?.frames.some(({ type }) => type === 'set_instance_output_subscriptions_request')) throw new Error('it has not subscribed')
      return found
    }, { deadlineMs: 10_000 })
    const output = { source: 'stdout', received: Date.now(), format: 'none', type: 'generic' }
    const tell = (message: string, more: object = {}): number => peer.send('instance_output_event', { instance_id: 4, output: { ...output, ...more, message } })
    tell('first line')
    tell('joined', { format: 'date', time: '2026-11-21 07:00:00', type: 'action', action: 'JOIN' })
    await eventually(() => expect(ctlProgram.output).to.equal('first line\n2026-11-21 07:00:00 [JOIN] joined\n'))
    peer.terminate()
    const next = await eventually(() => {
      const found = master.peers[1]
      if (!found?.frames.some(({ type }) => type === 'set_instance_output_subscriptions_request')) throw new Error('it has not come back')
      return found
    }, { deadlineMs: 10_000 })
    next.send('instance_output_event', { instance_id: 4, output: { ...output, message: 'after the drop' } })
    await eventually(() => expect(ctlProgram.output).to.match(/after the drop\n$/))
    expect((await ctlProgram.end('SIGINT')).code).to.equal(130)
    await eventually(() => expect(next.goodbye).to.equal('quit'))
    expect(next.frames.map(({ type, data }) => [type, data]).slice(1)).to.deep.equal([
      ['set_instance_output_subscriptions_request', { instance_ids: [4] }], ['close', { reason: 'quit' }],
    ])
  })

  it('ends with an error, and tells the master why, whatever the master does wrong', async () => {
    const breaches: Array<readonly [say: (peer: ForeignPeer) => void, code: number, text: RegExp, goodbye: string | undefined]> = [
      [(peer) => peer.raw('{'), 3, /Invalid message: Malformed/, 'Invalid message: Malformed'],
      [(peer) => peer.send('list_slaves_response', { seq: 2, list: [{ name: 'x' }] }), 3, /Validation failed/, 'Invalid message: Validation failed for list_slaves_response'],
      [(peer) => peer.send('list_slaves_response', { seq: 9, list: [] }), 3, /Unhandled message/, 'Invalid message: Unhandled message list_slaves_response'],
      [(peer) => peer.send('start_instance_request', { instance_id: 1 }), 3, /No validator/, 'Invalid message: No validator for start_instance_request on control-master'],
      [(peer) => peer.close('shutdown'), 3, /shutdown/, undefined],
      [(peer) => peer.terminate(), 3, /connection/, undefined],
      [(peer) => peer.send('list_slaves_response', { seq: 2, error: 'Not today' }), 1, /^Not today\n$/, 'quit'],
    ]
    const odd = await ForeignMaster.start(cleanups, { answer: () => new Promise<never>(() => {}) })
    for (const [say, code, text, goodbye] of breaches) {
      const before = odd.peers.length
      const ended = runToEnd('ctl', ['slave', 'list'], { cwd: directory, env: { CORRAL_URL: odd.url, CORRAL_TOKEN: 'foreign-token', CORRAL_DIALECT: 'base' } })
      const peer = await eventually(() => {
        const found = odd.peers[before]
        if (!found?.frames.some(({ type }) => type === 'list_slaves_request')) throw new Error('it has not asked')
        return found
      }, { deadlineMs: 10_000 })
      say(peer)
      const { stderr, ...rest } = await ended
      expect({ ...rest, stderr }).to.include({ code, stdout: '' })
      expect(stderr).to.match(text)
      if (goodbye !== undefined) await eventually(() => expect(peer.goodbye).to.equal(goodbye))
    }
  })

  it('says what the dialect can\'t do before it connects', async () => {
    const lines = [
      ['slave', 'invite'], ['slave', 'drain', 'x'], ['slave', 'remove', 'x'], ['instance', 'restart', 'x'], ['instance', 'kill', 'x'], ['instance', 'logs', 'x'],
      ['template', 'list'], ['token', 'list'], ['user', 'list'], ['master', 'status'], ['instance', 'delete', 'x', '--yes', '--force'], ['instance', 'console', 'x', '--tail', '5'],
    ]
    for (const line of lines) {
      const { code, stdout, stderr } = await ctl(...line)
      expect({ code, stdout }, line.join(' ')).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.match(/^The base dialect of the link has nothing for .*`ctl .*Nothing was sent\n$/)
    }
    expect(master.peers).to.deep.equal([])
  })

  it('takes the dialect from its config file and from the environment, and serves what needs no master', async () => {
    const file = join(directory, 'config', 'control.json')
    await mkdir(join(directory, 'config'))
    await writeFile(file, JSON.stringify({ url: master.url.replace('http', 'ws'), token: 'foreign-token' }), { mode: 0o600 })
    const run = (args: string[], env: Record<string, string> = {}): Promise<Finished> => runToEnd('ctl', args, { cwd: directory, env: { ...env } })
    expect(await run(['config', 'set', 'dialect', 'base', '--config', file])).to.include({ code: 0 })
    expect(await run(['slave', 'list', '--config', file])).to.include({ code: 0 })
    expect(await run(['slave', 'list'], { ...environment(), CORRAL_DIALECT: 'base' })).to.include({ code: 0 })
    expect(await run(['slave', 'list'], { ...environment(), CORRAL_DIALECT: 'clusterio' })).to.include({ code: 2 })
    expect(await ctl('config', 'list')).to.include({ code: 0 })
    expect(master.peers.map(({ role }) => role)).to.deep.equal(['control', 'control'])
  })
})
