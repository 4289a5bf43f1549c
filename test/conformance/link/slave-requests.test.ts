import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { BaseSlave, configOf } from '../../helpers/base-slave.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'
import { ForeignMaster } from '../../helpers/foreign-master.ts'
import { temporaryDirectory } from '../../helpers/temp-directory.ts'

const prepared = `
id: prepared
name: Prepared
program: { command: /bin/sh }
args: ['-c', 'cat world; read line']
prepare:
  - args: ['-c', 'sleep 0.3; echo made >> world']
    unless: world
console: { input: stdin }
ready: { regex: '^made$' }
stop: { command: quit }
`

describe('Our slave towards a foreign master: requests and events', () => {
  const cleanups = new Cleanups()
  let master: ForeignMaster
  let slave: BaseSlave
  before(async () => {
    master = await ForeignMaster.start(cleanups)
    const templates = await temporaryDirectory(cleanups)
    await writeFile(join(templates, 'prepared.yaml'), prepared)
    slave = await BaseSlave.start(cleanups, master, { config: { templates_directory: templates } })
    await master.untilSlave(7)
  })
  after(() => cleanups.run())
  // The master refuses every key that the page does not list.
  afterEach(() => expect(master.faults).to.deep.equal([]))

  async function assigned(id: number, corral?: Readonly<Record<string, unknown>>): Promise<void> {
    await master.assign(7, configOf(id, `instance ${id}`, null, corral))
  }

  const ask = (type: string, id: number, more: object = {}): Promise<Record<string, unknown>> => slave.peer.ask(type, { instance_id: id, ...more })
  /** The text of the error that a request is answered with. */
  const refusalOf = (type: string, id: number, more: object = {}): Promise<string> =>
    ask(type, id, more).then((answer) => `no error but ${JSON.stringify(answer)}`, (error: unknown) => (error as Error).message)

  /** All that the slave has told of an instance's output, in order. */
  function outputOf(id: number): Array<Record<string, unknown>> {
    return slave.peer.frames
      .filter(({ type, data }) => type === 'instance_output_event' && data.instance_id === id)
      .map(({ data }) => data.output as Record<string, unknown>)
  }

  async function untilLine(id: number, line: string): Promise<void> {
    await eventually(() => expect(outputOf(id).map(({ message }) => message)).to.include(line))
  }

  it('takes an assignment, starts the game, answers when it is ready and stopped, with nothing but seq', async () => {
    await assigned(1, { template: 'sample', 'variables.start_delay_ms': 300 })
    const { peer } = slave
    const from = peer.wire.length
    const before = performance.now()
    await ask('start_instance', 1)
    expect(performance.now() - before).to.be.above(250)
    expect(slave.gameProcesses()).to.have.length(1)
    await ask('stop_instance', 1)
    expect(slave.gameProcesses()).to.deep.equal([])
    const talk = peer.wire.slice(from).filter((line) => !line.includes('instance_output_event'))
    expect(talk.map((line) => line.replace(/"seq":\d+,"type"/, '"seq":N,"type"'))).to.deep.equal([
      '> {"seq":N,"type":"start_instance_request","data":{"instance_id":1}}',
      `< {"seq":N,"type":"start_instance_response","data":{"seq":${seqOf(talk[0])}}}`,
      '> {"seq":N,"type":"stop_instance_request","data":{"instance_id":1}}',
      `< {"seq":N,"type":"stop_instance_response","data":{"seq":${seqOf(talk[2])}}}`,
    ])
  })

  it('tells each line of output as the page has it, from the first one on', async () => {
    await assigned(2, { template: 'sample', server_name: 'two' })
    await ask('start_instance', 2)
    await untilLine(2, '[start] sample server, pid ' + String(outputOf(2)[0]?.message).split(' ').at(-1))
    const lines = outputOf(2)
    expect(lines.map(({ message }) => String(message).replace(/\d+$/, 'N'))).to.deep.equal(['[start] sample server, pid N', '[ready] two is ready on port N'])
    for (const line of lines) {
      expect(Object.keys(line).sort()).to.deep.equal(['format', 'message', 'received', 'source', 'type'])
      expect(line).to.include({ source: 'stdout', format: 'none', type: 'generic' })
      expect(line.received).to.be.within(Date.now() - 20_000, Date.now())
    }
  })

  it('leaves out and repeats no line of a game that prints much', async () => {
    await ask('send_rcon', 2, { command: 'flood 5000' })
    await untilLine(2, '[flood] 5000 lines done')
    const numbers = outputOf(2).flatMap(({ message }) => /^flood (\d+) of 5000$/.exec(String(message))?.[1] ?? [])
    expect(numbers.map(Number)).to.deep.equal(Array.from({ length: 5_000 }, (_, index) => index + 1))
  })

  it('answers send_rcon with what the game printed in answer', async () => {
    expect(await ask('send_rcon', 2, { command: 'echo one' })).to.deep.equal({ result: 'one' })
    expect(await ask('send_rcon', 2, { command: 'players' })).to.deep.equal({ result: '[players] 0: ' })
    const results = await Promise.all(['flood 3', 'echo x'].map((command) => ask('send_rcon', 2, { command })))
    expect(results[0]?.result).to.match(/^flood 1 of 3\nflood 2 of 3\nflood 3 of 3\n\[flood\] 3 lines done/)
    await ask('stop_instance', 2)
    expect(await refusalOf('send_rcon', 2, { command: 'echo one' })).to.equal('The instance is stopped; start it first')
  })

  it('answers many requests at once, each as its work is done', async () => {
    await assigned(3, { template: 'sample', start_delay_ms: '600' })
    await assigned(4, { template: 'sample' })
    const order: number[] = []
    await Promise.all([3, 4].map(async (id) => {
      await ask('start_instance', id)
      order.push(id)
    }))
    expect(order).to.deep.equal([4, 3])
    await Promise.all([3, 4].map((id) => ask('stop_instance', id)))
  })

  it('keeps an instance that names no template, and says at its start what is missing', async () => {
    await assigned(5)
    expect(await refusalOf('start_instance', 5)).to.match(/^The instance can't be started on this slave: .*no group "corral"/)
    expect(await refusalOf('create_save', 5)).to.match(/no group "corral"/)
    await assigned(6, { template: 'smaple' })
    expect(await refusalOf('start_instance', 6)).to.match(/no template "smaple".*did you mean "sample"/)
    await assigned(8, { template: 'sample', variables: { no_such: 1 } })
    expect(await refusalOf('start_instance', 8)).to.match(/no variable "no_such"/)
    await assigned(9, { template: 'sample', 'ports.nogame': 5 })
    expect(await refusalOf('start_instance', 9)).to.match(/no port "nogame"/)
    // Put right, it starts.
    await assigned(5, { template: 'sample' })
    await ask('start_instance', 5)
    await ask('stop_instance', 5)
  })

  it('takes variables in every form, and a new configuration at the next start', async () => {
    await assigned(10, { template: 'sample', variables: { server_name: 'in an object' } })
    await ask('start_instance', 10)
    await assigned(10, { template: 'sample', 'variables.server_name': 'with a prefix' })
    await ask('stop_instance', 10)
    await ask('start_instance', 10)
    await ask('stop_instance', 10)
    const ready = outputOf(10).map(({ message }) => String(message)).filter((line) => line.startsWith('[ready]'))
    expect(ready.map((line) => line.replace(/ on port.*/, ''))).to.deep.equal(['[ready] in an object is ready', '[ready] with a prefix is ready'])
  })

  it('makes the save of a stopped instance, and has one that runs save', async () => {
    expect(await ask('create_save', 10)).to.deep.equal({})
    await ask('start_instance', 10)
    expect(await ask('create_save', 10)).to.deep.equal({})
    await untilLine(10, '[save] done')
    await ask('stop_instance', 10)
  })

  it('makes a world once, however often it is asked, and starts a game only when it is there', async () => {
    await assigned(12, { template: 'prepared' })
    const world = join(slave.instanceDirectory(12), 'data', 'world')
    const asked = [ask('create_save', 12), ask('create_save', 12)]
    await ask('start_instance', 12)
    await Promise.all(asked)
    expect(await readFile(world, 'utf8')).to.equal('made\n')
    expect(await refusalOf('create_save', 12)).to.match(/template prepared does not say how its games save while they run/)
    await ask('stop_instance', 12)
    await ask('create_save', 12)
    expect(await readFile(world, 'utf8')).to.equal('made\n')
  })

  it('tells why a start failed, and starts again after', async () => {
    await assigned(11, { template: 'sample', crash_on_start: true, restart_policy: 'never' })
    expect(await refusalOf('start_instance', 11)).to.match(/^The game did not start: .*\n.*\n.*crash_on_start is set/)
    await assigned(11, { template: 'sample' })
    await ask('start_instance', 11)
  })

  it('deletes an instance with its data, running or not, and says of what is not there that it is not', async () => {
    expect(existsSync(slave.instanceDirectory(11))).to.equal(true)
    expect(await ask('delete_instance', 11)).to.deep.equal({})
    expect(existsSync(slave.instanceDirectory(11))).to.equal(false)
    for (const type of ['delete_instance', 'start_instance', 'stop_instance', 'create_save']) expect(await refusalOf(type, 11)).to.equal('Instance with ID 11 does not exist')
    expect(await refusalOf('send_rcon', 11, { command: 'x' })).to.equal('Instance with ID 11 does not exist')
    for (const id of master.instances.keys()) if (id === 11) master.instances.delete(id)
  })

  it('gives back every group and field as it was given, known or not, after a restart too', async () => {
    const odd = [
      { name: 'research_sync', fields: { load_plugin: true, 'a.b': null, nested: { x: [1, { y: 'z' }] } } },
      { name: 'instance', fields: { name: 'Größe "42"', id: -12, assigned_slave: 7, auto_start: false } },
      { name: 'corral', fields: { template: 'sample', note: 'kept', 'variables.server_name': 'named', 'ports.game': '15999', restart_policy: 'on-failure', console_limit_bytes: null } },
      { name: 'empty', fields: {} },
    ]
    const wrong = [{ name: 'instance', fields: { id: 13, assigned_slave: 7 } }, { name: 'corral', fields: { template: 5, restart_policy: 'sometimes' } }]
    await slave.peer.ask('assign_instance', { instance_id: -12, serialized_config: { groups: odd } })
    await slave.peer.ask('assign_instance', { instance_id: 13, serialized_config: { groups: wrong } })
    expect(await refusalOf('start_instance', 13)).to.match(/no group "corral" that can be used/)
    const before = slave.peer
    await slave.program.end('SIGKILL')
    await slave.run()
    const peer = await master.untilSlave(7, before)
    const { data } = await peer.until(({ type }) => type === 'update_instances_event')
    const told = (data.instances as Array<{ serialized_config: { groups: unknown } }>).map(({ serialized_config: { groups } }) => groups)
    expect(told).to.deep.include(odd)
    expect(told).to.deep.include(wrong)
    expect(told).to.deep.include(configOf(1, 'instance 1', 7, { template: 'sample', 'variables.start_delay_ms': 300 }))
    expect(told).to.deep.include(configOf(8, 'instance 8', 7, { template: 'sample', variables: { no_such: 1 } }))
    expect(told).to.have.length([1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13, -12].length)
  })
})

function seqOf(line = ''): number {
  return Number(/"seq":(\d+)/.exec(line)?.[1])
}
