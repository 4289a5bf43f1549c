import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../../lib/package-root.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { killGamesUnder } from '../helpers/game-processes.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

/** A terminal in which one command runs. */
class TerminalWindow {
  readonly #script: ChildProcess
  output = ''

  constructor(command: readonly string[], cwd: string) {
    const quoted = command.map((word) => `'${word}'`).join(' ')
    this.#script = spawn('script', ['-qfe', '-c', quoted, '/dev/null'], { cwd, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
    this.#script.stdout?.on('data', (data: Buffer) => { this.output += data.toString() })
  }

  async until(text: string): Promise<void> {
    await eventually(() => expect(this.output).to.include(text), { deadlineMs: 30_000 })
  }

  /** Closes it, as a person does who has enough. */
  close(): void {
    this.#script.kill('SIGKILL')
  }
}

/** Ids of the processes whose command line names a text. */
async function processesOf(text: string): Promise<number[]> {
  const ids = (await readdir('/proc')).map(Number).filter((id) => id > 0 && id !== process.pid)
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
  return ids.filter((_id, index) => lines[index]?.includes(text))
}

async function untilNoneOf(text: string): Promise<void> {
  await eventually(async () => expect(await processesOf(text)).to.deep.equal([]), { deadlineMs: 20_000 })
}

async function endAll(text: string): Promise<void> {
  for (const id of await processesOf(text)) process.kill(id, 'SIGKILL')
}

describe('a terminal that is closed', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function gameOfEast(slaveArgs: readonly string[]): Promise<TestCluster> {
    const cluster = await TestCluster.start(cleanups, { slaveArgs, slaves: [] })
    await cluster.joinSlave('east')
    return cluster
  }

  it('ends a slave in order, whose games stop where that was asked for', async () => {
    const cluster = await gameOfEast([])
    const config = join(cluster.directory, 'config-slave-east.json')
    cleanups.add(() => endAll(config))
    const window = new TerminalWindow([process.execPath, join(packageRoot, 'bin', 'slave.js'), 'run', '--stop-games-on-exit', '--config', config], cluster.directory)
    cleanups.add(() => window.close())
    await cluster.untilConnected('east', true)
    const { id } = await cluster.create('watched')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    window.close()
    await untilNoneOf(config)
    expect(cluster.gameProcesses()).to.deep.equal([])
  })

  it('is a reason to stop that the log of slave and master names', async () => {
    const cluster = await gameOfEast(['--stop-games-on-exit'])
    await cluster.startSlave()
    expect(await cluster.slave().end('SIGHUP')).to.include({ code: 0 })
    expect(cluster.slave().log).to.include('Stopping (SIGHUP); the games stop too')
    expect(await cluster.master.end('SIGHUP')).to.include({ code: 0 })
    expect(cluster.master.log).to.include('Stopping: SIGHUP')
  })

  it('ends the demo with all its programs, so that it can be started again', async function () {
    this.timeout(90_000)
    const directory = join(await temporaryDirectory(cleanups), 'demo')
    await mkdir(directory)
    cleanups.add(async () => {
      await endAll(directory)
      await killGamesUnder(directory)
    })
    for (let round = 0; round < 2; round += 1) {
      const window = new TerminalWindow([process.execPath, join(packageRoot, 'scripts', 'demo.js')], directory)
      cleanups.add(() => window.close())
      await window.until('The cluster runs')
      window.close()
      await untilNoneOf(directory)
    }
  })
})

describe('stdout that nobody reads any more', () => {
  const cleanups = new Cleanups()
  after(() => cleanups.run())

  it('is no failure of any program', async () => {
    const cwd = await temporaryDirectory(cleanups)
    for (const [program, ...args] of [['master', 'config', 'list'], ['slave', 'config', 'list'], ['ctl', '--help']]) {
      const child = spawn(process.execPath, [join(packageRoot, 'bin', `${program}.js`), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout.destroy()
      let stderr = ''
      child.stderr.on('data', (data: Buffer) => { stderr += data.toString() })
      const code = await new Promise((resolve) => { child.on('close', resolve) })
      expect({ code, stderr }, program).to.deep.equal({ code: 0, stderr: '' })
    }
  })
})
