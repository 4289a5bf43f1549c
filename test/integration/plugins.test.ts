import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Cleanups } from '../helpers/cleanups.ts'
import { Program, runToEnd } from '../helpers/program.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

const greets = `
  import { definePlugin, stringField } from 'corral/plugin'
  export const plugin = definePlugin({
    name: 'greeter', version: '1.2.3', description: 'Greets.',
    config: { word: stringField({ default: 'hello', description: 'What it says.' }) },
    master: ({ config, log }) => log.info('says ' + config.word),
  })`

const throws = `
  import { definePlugin } from 'corral/plugin'
  export const plugin = definePlugin({
    name: 'broken', version: '1.0.0', description: 'Throws.',
    master: () => { throw new Error('no good') },
  })`

describe('Plugins from packages', function () {
  this.timeout(90_000)
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function newMaster(): Promise<string> {
    const directory = await temporaryDirectory(cleanups)
    await runToEnd('master', ['bootstrap', '--http-port', '0'], { cwd: directory })
    return directory
  }

  async function install(directory: string, name: string, code: string): Promise<void> {
    const folder = join(directory, name)
    await mkdir(folder)
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: `corral-${name}`, version: '1.0.0', type: 'module', main: 'index.js', peerDependencies: { corral: '*' } }))
    await writeFile(join(folder, 'index.js'), code)
    const { code: exit, stderr } = await runToEnd('master', ['plugin', 'install', `./${name}`], { cwd: directory })
    expect(exit, stderr).to.equal(0)
    await runToEnd('master', ['plugin', 'enable', name], { cwd: directory })
  }

  async function run(directory: string): Promise<Program> {
    const program = new Program('master', ['run'], { cwd: directory })
    cleanups.add(() => program.end('SIGKILL'))
    await program.untilLog(/The master is ready/)
    return program
  }

  it('are installed, set and run as built-in ones are', async () => {
    const directory = await newMaster()
    await install(directory, 'greeter', greets)
    await runToEnd('master', ['config', 'set', 'greeter.word', 'hi'], { cwd: directory })
    const { stdout } = await runToEnd('master', ['plugin', 'list', '--json'], { cwd: directory })
    expect(JSON.parse(stdout)).to.deep.include({ name: 'greeter', version: '1.2.3', source: 'corral-greeter', enabled: true, description: 'Greets.' })
    const program = await run(directory)
    expect(program.log).to.match(/says hi/)
  })

  it('take nothing down when they throw, and can be disabled', async () => {
    const directory = await newMaster()
    await install(directory, 'broken', throws)
    const program = await run(directory)
    expect(program.log).to.match(/Plugin broken could not be started: no good/)
    await program.end('SIGTERM')
    await runToEnd('master', ['plugin', 'disable', 'broken'], { cwd: directory })
    expect((await run(directory)).log).not.to.match(/broken/)
  })

  it('that are not there are refused in one line', async () => {
    const directory = await newMaster()
    for (const wanted of ['./nonexist', '/no/such.tgz']) {
      const { code, stderr } = await runToEnd('master', ['plugin', 'install', wanted], { cwd: directory })
      expect(code).to.equal(2)
      expect(stderr).to.equal(`There is no folder or archive ${wanted} to install a plugin from\n`)
    }
    await mkdir(join(directory, 'empty'))
    const { code, stderr } = await runToEnd('master', ['plugin', 'install', './empty'], { cwd: directory })
    expect(code).to.equal(2)
    expect(stderr.trim().split('\n'), stderr).to.have.length(1)
  })

  it('that can not be loaded are taken back, and installed once they are mended', async () => {
    const directory = await newMaster()
    const folder = join(directory, 'greeter')
    await mkdir(folder)
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'corral-greeter', version: '1.0.0', type: 'module', main: 'index.js' }))
    await writeFile(join(folder, 'index.js'), 'export const nothing = 1')
    const { code, stderr } = await runToEnd('master', ['plugin', 'install', './greeter'], { cwd: directory })
    expect(code).to.equal(2)
    expect(stderr).to.match(/exports no plugin/)
    await writeFile(join(folder, 'index.js'), greets)
    expect((await runToEnd('master', ['plugin', 'install', './greeter'], { cwd: directory })).code).to.equal(0)
    expect((await runToEnd('master', ['plugin', 'install', './greeter'], { cwd: directory })).code, 'once more').to.equal(0)
  })

  it('that there are not are named as such', async () => {
    const { code, stderr } = await runToEnd('master', ['plugin', 'enable', 'nonsense'], { cwd: await newMaster() })
    expect(code).to.equal(5)
    expect(stderr).to.match(/There is no plugin "nonsense"/)
  })
})
