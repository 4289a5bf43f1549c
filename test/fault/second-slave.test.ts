import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { acceptDataDirectory } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { Program } from '../helpers/program.ts'

describe('a second slave with the config of the first', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  beforeEach(async () => { cluster = await TestCluster.start(cleanups) })
  afterEach(() => cleanups.run())

  function run(config: string): Program {
    const program = new Program('slave', ['run', '--config', config], { cwd: cluster.directory })
    cleanups.add(() => (program.isRunning ? program.end('SIGKILL') : undefined))
    return program
  }

  it('is refused on the same data directory', async () => {
    const second = await run('config-slave-east.json').ended
    expect(second.code).to.equal(6)
    expect(second.stderr).to.include(`another slave does (process ${cluster.slave().pid})`)
    await cluster.untilConnected('east', true)
  })

  it('gets no instance and pushes nobody out while it has another data directory, until an administrator accepts that', async () => {
    const { id } = await cluster.create('only')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { pid } = await cluster.state(id)
    const config = JSON.parse(await readFile(join(cluster.directory, 'config-slave-east.json'), 'utf8')) as object
    await writeFile(join(cluster.directory, 'config-slave-copy.json'), JSON.stringify({ ...config, data_directory: 'data-copy' }), { mode: 0o600 })

    const copy = run('config-slave-copy.json')
    await copy.untilLog(/runs from another data directory/)
    expect(await cluster.state(id)).to.include({ status: 'running', pid })
    expect(cluster.slave().log).to.not.include('The master ended the connection')

    // Also while the first is away: its game goes on, and the copy must not start it again.
    await cluster.slave().end('SIGKILL')
    const tries = copy.log.length
    await copy.untilLog(/ended the connection/, tries)
    await cluster.untilConnected('east', false)
    expect(cluster.gameProcesses()).to.deep.equal([pid])
    await cluster.startSlave()
    expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ pid })

    // The old one is given up for good.
    await cluster.slave().end('SIGKILL')
    await cluster.untilConnected('east', false)
    await cluster.api(acceptDataDirectory, { slave_id: 1 })
    await cluster.untilConnected('east', true)
    await cluster.until(id, ({ status }) => status !== 'unknown')
    expect(await cluster.state(id)).to.include({ status: 'stopped' })
  }).timeout(60_000)
})
