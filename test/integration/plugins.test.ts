import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Cleanups } from '../helpers/cleanups.ts'
import { placePlugin, pluginFolder } from '../helpers/plugin-package.ts'
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

const named = (name: string): string => `
  import { definePlugin } from 'corral/plugin'
  export const plugin = definePlugin({ name: '${name}', version: '1.0.0', description: 'Has a name.', master: () => {} })`

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

  /** A master's directory with packages that `master plugin install` would refuse. */
  async function masterWith(plugins: Readonly<Record<string, string>>): Promise<string> {
    const directory = await newMaster()
    const config = join(directory, 'config-master.json')
    for (const [name, code] of Object.entries(plugins)) await placePlugin(join(directory, 'data'), name, code)
    await writeFile(config, JSON.stringify({ ...JSON.parse(await readFile(config, 'utf8')) as object, plugin_packages: Object.keys(plugins).map((name) => `corral-${name}`) }), { mode: 0o600 })
    return directory
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

  it('go on working when another is uninstalled', async () => {
    const directory = await newMaster()
    await install(directory, 'greeter', greets)
    await install(directory, 'broken', throws)
    expect(await runToEnd('master', ['plugin', 'uninstall', 'broken'], { cwd: directory })).to.include({ code: 0 })
    expect((await runToEnd('master', ['plugin', 'list'], { cwd: directory })).stdout).to.match(/^greeter +1\.2\.3 +enabled/m)
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

  it('are refused under a name that is in use, and nothing is changed', async () => {
    const directory = await newMaster()
    await install(directory, 'greeter', greets)
    const files = ['config-master.json', 'data/packages/package.json'].map((name) => join(directory, name))
    const before = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    const refused = async (program: 'master' | 'slave', name: string, plugin: string): Promise<string> => {
      await pluginFolder(directory, name, named(plugin))
      const { code, stderr } = await runToEnd(program, ['plugin', 'install', `./${name}`], { cwd: directory })
      expect(code, stderr).to.equal(6)
      return stderr
    }
    expect(await refused('master', 'first', 'concierge')).to.equal('The plugin of the package corral-first is called concierge, as is one that comes with Corral\n')
    expect(await refused('master', 'second', 'greeter')).to.equal('The plugin of the package corral-second is called greeter, as is that of the package corral-greeter\n')
    expect(await refused('master', 'greeter', 'bester'), 'in the place of one that is there').to.contain('corral-greeter is called bester')
    expect(await Promise.all(files.map((file) => readFile(file, 'utf8')))).to.deep.equal(before)
    expect((await runToEnd('master', ['plugin', 'list'], { cwd: directory })).stdout).to.match(/^greeter +1\.2\.3 /m)

    await writeFile(join(directory, 'config-slave.json'), '{}', { mode: 0o600 })
    expect(await refused('slave', 'first', 'concierge')).to.contain('corral-first is called concierge, as is one that comes with Corral')
    expect((await runToEnd('slave', ['plugin', 'list'], { cwd: directory }))).to.include({ code: 0, stdout: '', stderr: '' })
  })

  it('whose name or fields are in use are left out with a warning, and can be uninstalled', async () => {
    const heartbeat = named('link').replace('master: ', 'config: { heartbeat_ms: integerField({ default: 1, description: "x" }) }, master: ').replace('definePlugin }', 'definePlugin, integerField }')
    const directory = await masterWith({ greeter: greets, first: named('concierge'), second: named('greeter'), third: heartbeat })
    const outcome = (name: string): string => `; it is left out. Take it away with \`master plugin uninstall corral-${name}\``
    const warnings = [
      `The plugin of the package corral-first is called concierge, as is one that comes with Corral${outcome('first')}`,
      `The plugin of the package corral-second is called greeter, as is that of the package corral-greeter${outcome('second')}`,
      `The plugin link of the package corral-third can't be added: Config field "link.heartbeat_ms" is declared twice${outcome('third')}`,
    ]
    const lines = warnings.map((line) => `${line}\n`).join('')
    for (const args of [['config', 'list'], ['config', 'set', 'greeter.word', 'hi'], ['db', 'export', 'all.jsonl'], ['plugin', 'enable', 'greeter']]) {
      expect(await runToEnd('master', args, { cwd: directory }), args.join(' ')).to.include({ code: 0, stderr: lines })
    }
    const program = await run(directory)
    expect(program.log).to.contain('says hi')
    for (const warning of warnings) expect(program.log.split(warning)).to.have.length(2)
    await program.end('SIGTERM')

    for (const name of ['first', 'second', 'third']) {
      const { code, stdout, stderr } = await runToEnd('master', ['plugin', 'uninstall', `corral-${name}`], { cwd: directory })
      expect(code, stderr).to.equal(0)
      expect(stdout).to.equal(`The package corral-${name} is uninstalled.\n`)
    }
    const { stdout, stderr } = await runToEnd('master', ['config', 'show', 'greeter.word'], { cwd: directory })
    expect({ stdout, stderr }).to.deep.equal({ stdout: 'greeter.word = hi (file)\nWhat it says.\n', stderr: '' })
  })

  it('that can not be loaded are listed with the reason, its file and its line', async () => {
    const directory = await masterWith({
      comma: `${named('comma')}\nconst one two`,
      boom: `${named('boom')}\n\nthrow new Error('boom')`,
      part: `import { nothing } from './part.js'\n${named('part')}`,
    })
    const modules = join(directory, 'data/packages/node_modules')
    await writeFile(join(modules, 'corral-part/part.js'), '\n\nlet let = 1')
    const { code, stdout } = await runToEnd('master', ['plugin', 'list'], { cwd: directory })
    expect(code).to.equal(0)
    expect(stdout).to.match(/^corral-comma +left out\n +The plugin package corral-comma can't be loaded: \S.*\(\S*\/corral-comma\/index\.js:4\)$/m)
    expect(stdout).to.match(/^corral-boom +left out\n +The plugin package corral-boom can't be loaded: boom \(\S*\/corral-boom\/index\.js:5:7\)$/m)
    expect(stdout).to.match(/^corral-part +left out\n +The plugin package corral-part can't be loaded: \S.*\(\S*\/corral-part\/part\.js:3\)$/m)
    const rows = JSON.parse((await runToEnd('master', ['plugin', 'list', '--json'], { cwd: directory })).stdout) as { name: string; enabled: boolean; problem?: string }[]
    const { problem, ...row } = rows.find(({ name }) => name === 'corral-boom') ?? {}
    expect(row).to.deep.equal({ name: 'corral-boom', version: '', source: 'corral-boom', enabled: false, restart_needed: null, description: '' })
    expect(problem).to.contain('boom (')
    const program = await run(directory)
    expect(program.log).to.match(/corral-comma can't be loaded: .*corral-comma\/index\.js:4/)
    const { token } = JSON.parse(await readFile(join(directory, 'config-control.json'), 'utf8')) as { token: string }
    const listed = await runToEnd('ctl', ['plugin', 'list', '-o', 'json'], { cwd: directory, env: { CORRAL_URL: /http:\S+/.exec(program.log)?.[0] ?? '', CORRAL_TOKEN: token } })
    expect(listed.code, listed.stderr).to.equal(0)
    expect((JSON.parse(listed.stdout) as { name: string; problem?: string }[]).find(({ name }) => name === 'corral-boom')?.problem).to.equal(problem)
  })

  it('that are damaged, or gone with their folder, are listed with the reason', async () => {
    const directory = await masterWith({ torn: named('torn') })
    const packages = join(directory, 'data/packages')
    await writeFile(join(packages, 'node_modules/corral-torn/package.json'), '{ "main": ')
    const list = () => runToEnd('master', ['plugin', 'list'], { cwd: directory })
    expect((await list()).stdout).to.match(/^corral-torn +left out\n +The plugin package corral-torn can't be loaded: \S.*package\.json/m)
    await rm(packages, { recursive: true })
    expect((await list()).stdout).to.match(/^corral-torn +left out\n +The plugin package corral-torn can't be loaded: Cannot find module 'corral-torn'$/m)
  })

  it('are uninstalled from a slave by the plugin\'s name, or by the package\'s own where it can not be loaded', async () => {
    const directory = await temporaryDirectory(cleanups)
    await writeFile(join(directory, 'config-slave.json'), '{}', { mode: 0o600 })
    for (const [name, code] of Object.entries({ greeter: greets, comma: 'const one two' })) await placePlugin(join(directory, 'slave-data'), name, code)
    const plugin = (...words: string[]) => runToEnd('slave', ['plugin', ...words], { cwd: directory })
    expect(await plugin('uninstall', 'greeter')).to.include({ code: 0, stdout: 'The plugin greeter is uninstalled; a slave that runs has it until it is started again.\n' })
    expect(await plugin('uninstall', 'corral-comma')).to.include({ code: 0 })
    expect(await plugin('list')).to.include({ code: 0, stdout: '', stderr: '' })
    expect(await plugin('uninstall', 'greeter')).to.include({ code: 5, stderr: 'There is no plugin "greeter"; `slave plugin list` shows those that there are\n' })
    expect(await plugin('uninstall', 'bester')).to.include({ code: 2, stderr: 'The plugin bester comes with Corral and can\'t be uninstalled; let it run no more with `master plugin disable bester`\n' })
  })
})
