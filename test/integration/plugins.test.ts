import { mkdir, readFile, writeFile } from 'node:fs/promises'
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
    expect(JSON.parse(stdout)).to.deep.include({ name: 'greeter', version: '1.2.3', source: 'corral-greeter', enabled: true, restart_needed: null, description: 'Greets.' })
    const program = await run(directory)
    expect(program.log).to.match(/says hi/)
  })

  it('are listed as waiting for a restart where the running master is not as the config has it, and can be uninstalled', async () => {
    const directory = await newMaster()
    const plugin = (...words: string[]) => runToEnd('master', ['plugin', ...words], { cwd: directory })
    await install(directory, 'greeter', greets)
    const program = await run(directory)
    const before = await plugin('list')
    expect(before.stdout).to.match(/^greeter .*enabled /m).and.not.to.contain('restart needed')

    await writeFile(join(directory, 'greeter', 'index.js'), greets.replace('says', 'sings'))
    await plugin('install', './greeter')
    expect((await plugin('list')).stdout).to.match(/^greeter .*\n +restart needed: it was installed again after the running master was started$/m)
    await plugin('disable', 'greeter')
    await plugin('enable', 'global-chat')
    const { stdout } = await plugin('list')
    expect(stdout).to.match(/^greeter .*disabled .*\n +restart needed: the running master still has it$/m)
    expect(stdout).to.match(/^global-chat .*enabled .*\n +restart needed: the running master does not have it yet$/m)
    const rows = JSON.parse((await plugin('list', '--json')).stdout) as { name: string; restart_needed: boolean | null }[]
    expect(Object.fromEntries(rows.map(({ name, restart_needed }) => [name, restart_needed]))).to.include({ 'greeter': true, 'global-chat': true, 'bester': false })

    expect(await plugin('uninstall', 'greeter')).to.include({ code: 0, stderr: '' })
    const after = await plugin('list')
    expect(after.stdout).not.to.contain('greeter')
    expect(after.stderr).to.equal('The plugin greeter is here no more, but the running master has it until it is started again\n')
    expect(await readFile(join(directory, 'config-master.json'), 'utf8')).not.to.contain('greeter')

    await program.end('SIGTERM')
    expect((await plugin('list')).stdout, 'nothing runs that could wait').not.to.contain('restart needed')
    const again = await run(directory)
    expect(again.log).not.to.contain('greeter').and.not.to.contain('not a field')
  })

  it('that come with Corral, or are not there, are not uninstalled', async () => {
    const directory = await newMaster()
    const builtIn = await runToEnd('master', ['plugin', 'uninstall', 'bester'], { cwd: directory })
    expect(builtIn).to.include({ code: 2, stderr: 'The plugin bester comes with Corral and can\'t be uninstalled; let it run no more with `master plugin disable bester`\n' })
    const missing = await runToEnd('master', ['plugin', 'uninstall', 'nonsense'], { cwd: directory })
    expect(missing).to.include({ code: 5, stderr: 'There is no plugin "nonsense"; `master plugin list` shows those that there are\n' })
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
