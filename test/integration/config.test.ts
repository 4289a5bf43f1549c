import { expect } from 'chai'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { masterConfig } from '../../master/config.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { freePort } from '../helpers/free-port.ts'
import { Program, runToEnd } from '../helpers/program.ts'
import type { Finished } from '../helpers/program.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

describe('the config of the programs', () => {
  const cleanups = new Cleanups()
  let cwd: string
  let file: string
  beforeEach(async () => {
    cwd = await temporaryDirectory(cleanups)
    file = join(cwd, 'config-master.json')
    await runToEnd('master', ['bootstrap', '--http-port', String(await freePort())], { cwd })
  })
  afterEach(() => cleanups.run())

  const config = (...args: string[]): Promise<Finished> => runToEnd('master', ['config', ...args], { cwd })

  it('is listed, shown and set', async () => {
    expect((await config('set', 'log_level', 'debug')).code).to.equal(0)
    expect((await config('show', 'log_level')).stdout).to.include('log_level = debug')
    const { stdout } = await config('list', '--json')
    const rows = JSON.parse(stdout) as Array<{ field: string; value: unknown }>
    expect(rows.find(({ field }) => field === 'log_level')).to.include({ value: 'debug' })
    expect(rows.map(({ field }) => field)).to.include.members(['http_port', 'bind', 'limits.handshake_ms'])
    expect((await config('set', 'log_level', '')).code).to.equal(0)
    expect((await config('show', 'log_level')).stdout).to.include('log_level = info (default)')
    expect((await stat(file)).mode & 0o077).to.equal(0)
  })

  it('refuses what does not fit, naming the nearest field, and changes nothing', async () => {
    const before = await readFile(file, 'utf8')
    const unknown = await config('set', 'log_levle', 'debug')
    expect(unknown.code).to.equal(2)
    expect(unknown.stderr).to.include('log_level')
    expect((await config('set', 'http_port', 'eighty')).code).to.equal(2)
    expect((await config('set', 'http_port', '65536')).code).to.equal(2)
    expect((await config('show', 'htp_port')).stderr).to.include('http_port')
    expect(await readFile(file, 'utf8')).to.equal(before)
  })

  it('says when what was set takes effect', async () => {
    expect((await config('set', 'log_level', 'debug')).stdout).to.equal('log_level is set in config-master.json; it takes effect when the master is started again\n')
    expect((await config('set', 'log_level', '')).stdout).to.include('log_level is unset')
  })

  it('with a range of ports that holds none is warned of when it is set, and not run with', async () => {
    const slave = (...args: string[]): Promise<Finished> => runToEnd('slave', args, { cwd })
    await writeFile(join(cwd, 'config-slave.json'), JSON.stringify({ master_url: 'http://127.0.0.1:1', token: 'x', id: 1, name: 'east' }), { mode: 0o600 })
    const set = await slave('config', 'set', 'port_first', '30000')
    expect(set.code).to.equal(0)
    expect(set.stderr).to.include('port_first (30000)')
    const ran = await slave('run')
    expect(ran.code).to.equal(2)
    expect(ran.stderr).to.include('no port is in the range from port_first (30000) to port_last (28999)')
    expect((await slave('config', 'set', 'port_last', '30100')).stderr).to.equal('')
  })

  it('with an unknown key is used, with a warning that names the nearest', async () => {
    const values = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...values, log_fromat: 'json' }), { mode: 0o600 })
    const master = new Program('master', ['run'], { cwd })
    cleanups.add(() => master.end('SIGKILL'))
    await master.untilLog(/is ready/)
    expect(master.log).to.match(/log_fromat.*log_format/)
  })

  it('that all may read stays as it is, with a warning that says how to close it', async () => {
    await chmod(file, 0o644)
    for (const args of [['list'], ['set', 'log_level', 'debug']]) {
      expect((await config(...args)).stderr).to.equal('Warning: config-master.json may hold secrets, and every user of this host can read it (0644); close it with `chmod o-rwx config-master.json`\n')
      expect((await stat(file)).mode & 0o777).to.equal(0o644)
    }
    const master = new Program('master', ['run'], { cwd })
    cleanups.add(() => master.end('SIGKILL'))
    await master.untilLog(/is ready/)
    expect(master.log.match(/chmod o-rwx/g)).to.have.length(1)
    expect((await stat(file)).mode & 0o777).to.equal(0o644)
  })

  it('that is broken is reported with file and line', async () => {
    await writeFile(file, '{\n  "http_port": 8080,\n  "bind" "127.0.0.1"\n}\n')
    const { code, stderr } = await runToEnd('master', ['run'], { cwd })
    expect(code).to.equal(2)
    expect(stderr).to.include('config-master.json').and.match(/:3\b|line 3/)
    expect(stderr.trim().split('\n')).to.have.length(1)
  })

  it('is overruled by the environment', async () => {
    await config('set', 'log_level', 'error')
    const shown = await runToEnd('master', ['config', 'show', 'log_level'], { cwd, env: { [masterConfig.variableOf('log_level')]: 'warn' } })
    expect(shown.stdout).to.include('log_level = warn')
  })

  it('has a port that is taken: the master says so in one line', async () => {
    const first = new Program('master', ['run'], { cwd })
    cleanups.add(() => first.end('SIGKILL'))
    await first.untilLog(/is ready/)
    const other = await temporaryDirectory(cleanups)
    const { http_port: port } = JSON.parse(await readFile(file, 'utf8')) as { http_port: number }
    await runToEnd('master', ['bootstrap', '--http-port', String(port)], { cwd: other })
    const second = await runToEnd('master', ['run'], { cwd: other })
    expect(second.code).to.equal(6)
    expect(second.stderr).to.include(String(port))
    expect(second.stderr.trim().split('\n')).to.have.length(1)
  })

  it('is not needed for help, and a command that is mistyped gets the nearest', async () => {
    expect((await runToEnd('slave', ['--help'], { cwd })).stdout).to.include('join')
    const slip = await runToEnd('master', ['bootstarp'], { cwd })
    expect(slip).to.deep.include({ code: 2, stdout: '', stderr: 'There is no command "master bootstarp" (did you mean "bootstrap"?); see `master --help`\n' })
    const option = await runToEnd('master', ['run', '--htp-port', '1'], { cwd })
    expect(option).to.deep.include({ code: 2, stderr: '`master run` has no option --htp-port (did you mean "--http-port"?); see `master run --help`\n' })
    const missing = await runToEnd('slave', ['join'], { cwd })
    expect(missing).to.deep.include({ code: 2, stderr: 'URL is missing; usage: slave join URL [TOKEN]\n' })
    const wordless = await runToEnd('slave', [], { cwd })
    expect(wordless).to.include({ code: 2, stdout: '' })
    expect(wordless.stderr).to.match(/^Usage: slave COMMAND/)
    expect((await runToEnd('slave', ['run', '--version'], { cwd })).stdout).to.match(/^\d+\.\d+\.\d+\n$/)
  })
})
