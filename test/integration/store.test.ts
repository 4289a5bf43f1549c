import { expect } from 'chai'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createToken, listTokens } from '../../lib/link/messages/cluster.ts'
import { listInstances, setInstanceConfigField, startInstance } from '../../lib/link/messages/instances.ts'
import { listSlaves } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { Program, runToEnd } from '../helpers/program.ts'

describe('the database of a master', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  it('belongs to one master: a second one is refused in one line', async () => {
    const second = await runToEnd('master', ['run', '--http-port', '0'], { cwd: cluster.directory })
    expect(second.code).to.equal(6)
    expect(second.stderr).to.match(/another process has it open/i)
    expect(second.stderr.trim().split('\n')).to.have.length(1)
    const exported = await runToEnd('master', ['db', 'export'], { cwd: cluster.directory })
    expect(exported).to.include({ code: 6, stdout: '' })
    expect((await cluster.api(listSlaves, {})).list).to.have.length(1)
  })

  it('has everything that was acknowledged when the master was killed', async () => {
    const acknowledged: string[] = []
    const makeMany = async (): Promise<void> => {
      for (let i = 0; ; i += 1) {
        const name = `kept-${i}`
        try {
          await cluster.api(createToken, { name })
        } catch {
          return
        }
        acknowledged.push(name)
        if (i === 30) void cluster.master.end('SIGKILL')
      }
    }
    const { id } = await cluster.create('durable')
    await cluster.api(setInstanceConfigField, { instance_id: id, field: 'variables.server_name', value: 'Ünïcode 🎮' })
    await makeMany()
    await cluster.master.ended
    expect(acknowledged.length).to.be.at.least(30)
    await cluster.startMaster()
    const { list } = await cluster.api(listTokens, {})
    expect(list.map(({ name }) => name)).to.include.members(acknowledged)
    expect((await cluster.api(listInstances, {})).list.map(({ name }) => name)).to.include('durable')
    await cluster.untilConnected('east', true)
    await cluster.api(startInstance, { instance_id: id, wait: true })
    expect(await cluster.untilConsole(id, 'ready')).to.include('Ünïcode 🎮 is ready')
  })

  it('never gives an id out twice, whatever was deleted before a restart', async () => {
    const instance = await cluster.create('first')
    await cluster.master.end('SIGTERM')
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    expect((await cluster.create('next')).id).to.be.above(instance.id)
  })

  it('is exported and imported whole: the cluster goes on from the copy', async () => {
    await cluster.master.end('SIGTERM')
    const exported = await runToEnd('master', ['db', 'export', 'dump.jsonl'], { cwd: cluster.directory })
    expect(exported, exported.stderr).to.include({ code: 0 })
    expect((await runToEnd('master', ['db', 'export', 'dump.jsonl'], { cwd: cluster.directory })).code, 'no file is overwritten').to.equal(6)
    const dump = await readFile(join(cluster.directory, 'dump.jsonl'), 'utf8')
    for (const line of dump.trim().split('\n')) expect(() => JSON.parse(line) as unknown).to.not.throw()

    const full = await runToEnd('master', ['db', 'import', 'dump.jsonl'], { cwd: cluster.directory })
    expect(full.code, 'only a new database takes it').to.equal(6)
    await rm(join(cluster.directory, 'data'), { recursive: true })
    await writeFile(join(cluster.directory, 'broken.jsonl'), `${dump.split('\n')[0]}\n{"oops"\n`)
    const broken = await runToEnd('master', ['db', 'import', 'broken.jsonl'], { cwd: cluster.directory })
    expect(broken.code).to.not.equal(0)
    expect(broken.stderr).to.match(/line 2/i)
    const imported = await runToEnd('master', ['db', 'import', 'dump.jsonl'], { cwd: cluster.directory })
    expect(imported, imported.stderr).to.include({ code: 0 })
    const again = await runToEnd('master', ['db', 'export', '-'], { cwd: cluster.directory })
    expect(again.stdout.trim().split('\n').sort()).to.deep.equal(dump.trim().split('\n').sort())

    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    const { list } = await cluster.api(listInstances, {})
    const durable = list.find(({ name }) => name === 'durable')
    expect(await cluster.until(durable?.id ?? 0, ({ status }) => status === 'running')).to.include({ run: 1 })
  })

  it('that is damaged is reported in one line, and not overwritten', async () => {
    const directory = join(cluster.directory, 'damaged')
    await mkdir(join(directory, 'data'), { recursive: true })
    await cp(join(cluster.directory, 'config-master.json'), join(directory, 'config-master.json'))
    await writeFile(join(directory, 'data', 'corral.db'), 'this is no database, but a text of some length\n'.repeat(100))
    const master = new Program('master', ['run', '--http-port', '0'], { cwd: directory })
    const ended = await master.ended
    expect(ended.code).to.not.equal(0)
    expect(ended.stderr.trim().split('\n').filter((line) => !/templates/.test(line)), ended.stderr).to.have.length(1)
    expect(await readFile(join(directory, 'data', 'corral.db'), 'utf8')).to.include('this is no database')
  })
})
