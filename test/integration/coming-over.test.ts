import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { BasePeer } from '../helpers/base-peer.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'

const kept = { name: 'factorio', fields: { version: 'latest', port: null } }

/** A slave of another make, with one instance, as its program does without a word about Corral. */
class OldSlave {
  readonly peer: BasePeer
  groups = [{ name: 'instance', fields: { name: 'old map', id: 77, assigned_slave: 5 } }, kept]
  #answered = 0

  constructor(peer: BasePeer) {
    this.peer = peer
    peer.send('update_instances_event', { instances: [{ serialized_config: { groups: this.groups } }] })
  }

  /** Answers what came since the last time; gives the types. */
  answer(): string[] {
    const requests = this.peer.frames.slice(this.#answered).filter(({ type }) => type.endsWith('_request'))
    this.#answered = this.peer.frames.length
    for (const { seq, type } of requests) this.peer.send(type.replace('_request', '_response'), { seq, ...(type === 'send_rcon_request' ? { result: 'from afar' } : {}) })
    return requests.map(({ type }) => type)
  }
}

describe('a cluster that comes over, slave by slave and control by control', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let old: OldSlave
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  /** Runs ctl while the old slave answers what it is asked. */
  async function ctl(...args: string[]): Promise<string> {
    const timer = setInterval(() => old.answer(), 10)
    try {
      const { code, stdout, stderr } = await cluster.ctl(...args)
      if (code !== 0) throw new Error(`ctl ${args.join(' ')} ended with ${code}: ${stderr}`)
      return stdout
    } finally {
      clearInterval(timer)
    }
  }

  it('takes in a slave of another make with what it runs, and works on it', async () => {
    const made = await cluster.ctl('slave', 'create-token', '5', '--name', 'old')
    expect(made.stderr).to.match(/^The token of slave 5/)
    const peer = await BasePeer.register(cluster.url, 'register_slave', { token: made.stdout.trim(), agent: 'Clusterio Slave', version: '2.0.0', name: 'old', id: 5 })
    cleanups.add(() => peer.terminate())
    old = new OldSlave(peer)
    await eventually(async () => expect((await cluster.state(77)).slave).to.equal('old'))
    expect(await ctl('instance', 'list')).to.match(/^77 +old map +foreign +old +/m)
    expect(await ctl('instance', 'config', 'get', 'old map')).to.match(/^factorio.version +latest$/m)
    expect(await ctl('instance', 'start', 'old map', '--wait')).to.equal('old map: running\n')
    expect(await ctl('instance', 'send', 'old map', '/players')).to.equal('from afar\n')
  })

  it('serves a control of another make with the token that it is given', async () => {
    const made = await cluster.ctl('token', 'create', 'scripts', '-o', 'json')
    const { token } = JSON.parse(made.stdout) as { token: string }
    const peer = await BasePeer.register(cluster.url, 'register_control', { token, agent: 'clusterctl', version: '2.0.0' })
    cleanups.add(() => peer.terminate())
    expect((await peer.ask('list_instances', {})).list).to.deep.equal([{ name: 'old map', id: 77, assigned_slave: 5 }])
  })

  it('hands an instance on to a slave of ours: stopped, assigned, given a template, its data put in place', async () => {
    expect(await ctl('instance', 'stop', 'old map', '--wait')).to.equal('old map: stopped\n')
    expect(await ctl('instance', 'config', 'set', 'old map', 'name', 'old-map')).to.match(/^old map: name is set/)
    expect(await ctl('instance', 'assign', 'old-map', 'east')).to.equal('old-map: assigned to east\n')
    expect(await ctl('instance', 'config', 'set', 'old-map', 'corral.template', 'sample')).to.match(/^old-map: corral.template is set/)
    const data = join(cluster.instanceDirectory(77), 'data')
    await mkdir(data, { recursive: true })
    await writeFile(join(data, 'sample.log'), 'begin in another life\n')
    expect(await ctl('instance', 'start', 'old-map', '--wait')).to.equal('old-map: running\n')
    expect(await readFile(join(data, 'sample.log'), 'utf8')).to.match(/^begin in another life\nbegin \d+/)
    expect(await cluster.state(77)).to.include({ template: 'sample', slave: 'east', status: 'running' })
    expect(await ctl('instance', 'config', 'get', '77', 'factorio.version')).to.equal('latest\n')
  })

  it('leaves the old slave alone with what it still has of that instance', async () => {
    old.answer()
    old.peer.terminate()
    const made = await cluster.ctl('slave', 'create-token', '5')
    const peer = await BasePeer.register(cluster.url, 'register_slave', { token: made.stdout.trim(), agent: 'Clusterio Slave', version: '2.0.0', name: 'old', id: 5 })
    cleanups.add(() => peer.terminate())
    old = new OldSlave(peer)
    await cluster.untilConnected('old', true)
    // Waits for its turn behind what the slave has brought.
    expect(await cluster.ctl('instance', 'config', 'set', 'old-map', 'restart_policy', 'always')).to.include({ code: 0 })
    expect(old.answer()).to.deep.equal([])
    expect(cluster.master.log).to.match(/old-map \(77\) is assigned to east; old keeps the data/).and.not.match(/brought in line/)
    expect(await cluster.state(77)).to.include({ slave: 'east', status: 'running' })
  })

  it('gives the instance back to the old slave when that is wanted after all', async () => {
    expect(await ctl('instance', 'stop', 'old-map', '--wait')).to.equal('old-map: stopped\n')
    expect(await ctl('instance', 'assign', 'old-map', 'old')).to.equal('old-map: assigned to old\n')
    expect(await ctl('instance', 'start', 'old-map', '--wait')).to.equal('old-map: running\n')
    const types = old.peer.frames.map(({ type }) => type).filter((type) => type.endsWith('_request'))
    expect(types).to.deep.equal(['assign_instance_request', 'start_instance_request'])
    expect(cluster.gameProcesses()).to.deep.equal([])
  })
})
