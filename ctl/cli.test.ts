import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../test/helpers/free-port.ts'
import { runCli } from './cli.ts'
import { cliReference } from './reference.ts'

/** The command line in a process of its own, as operators run it. */
async function ctlProcess(argv: readonly string[], env: Record<string, string> = {}): Promise<{ code: unknown; out: string; err: string }> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...argv], { env: { ...process.env, CORRAL_CONFIG: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<unknown[]>])
  return { code, out, err }
}

async function ctl(argv: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const [out, err] = [text(stdout), text(stderr)]
  const code = await runCli({ argv, env, stdin: () => new PassThrough(), stdout, stderr, interrupt: new AbortController().signal })
  stdout.end()
  stderr.end()
  return { code, out: await out, err: await err }
}

describe('ctl', () => {
  it('says in one line that the master cannot be reached, and ends with exit code 3', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const { code, out, err } = await ctlProcess(['slave', 'list'], { CORRAL_URL: url, CORRAL_TOKEN: 'token' })
    expect(code).to.equal(3)
    expect(out).to.equal('')
    expect(err).to.match(/^Can't reach the master at [^\n]+\n$/)
  })

  it('prints help on stdout when it is asked for, on stderr with exit code 2 when words are missing', async () => {
    const asked = await ctl(['instance', '--help'])
    expect(asked.code).to.equal(0)
    expect(asked.out).to.contain('instance console NAME')
    const missing = await ctl(['instance'])
    expect(missing).to.include({ code: 2, out: '' })
    expect(missing.err).to.equal(asked.out)
  })

  it('ends with exit code 2 for a wrong command line, without a stack trace', async () => {
    const { code, err } = await ctl(['instance', 'strat', 'x'])
    expect(code).to.equal(2)
    expect(err).to.match(/^There is no command "ctl instance strat" \(did you mean "start"\?\)[^\n]*\n$/)
  })

  it('shows the stack with CORRAL_DEBUG=1', async () => {
    expect((await ctl(['nothing'], { CORRAL_DEBUG: '1' })).err).to.contain('parse.ts')
  })

  it('will not delete unasked where it cannot ask', async () => {
    const { code, err } = await ctlProcess(['instance', 'delete', 'arena'])
    expect(err).to.contain('--yes')
    expect(code).to.equal(2)
  })

  it('checks templates without a master, naming file, line and column', async () => {
    const good = fileURLToPath(new URL('../templates/sample.yaml', import.meta.url))
    expect(await ctl(['template', 'check', good])).to.include({ code: 0, err: '' })
    const { code, err } = await ctlProcess(['template', 'check', fileURLToPath(new URL('../package.json', import.meta.url))])
    expect(err).to.match(/package\.json:\d+:\d+: /)
    expect(code).to.equal(2)
  })

  it('completes commands, options and their values', async () => {
    const complete = async (...words: string[]) => (await ctl(['complete', '--', ...words])).out.trim().split('\n')
    expect(await complete('')).to.include.members(['slave', 'instance', 'completion']).and.not.to.include('complete')
    expect(await complete('instance', '')).to.include.members(['start', 'config'])
    expect(await complete('instance', 'start', '--')).to.include.members(['--wait', '--output'])
    expect(await complete('slave', 'list', '-o', '')).to.deep.equal(['table', 'json', 'yaml'])
    expect(await complete('completion', '')).to.deep.equal(['bash', 'zsh'])
  })
})

describe('The reference of ctl', () => {
  it('has every command, every exit code and where the config comes from', () => {
    const reference = cliReference()
    expect(reference).to.contain('#### `ctl instance config set NAME FIELD [VALUE]`')
    expect(reference).to.contain('| 7 |').and.to.contain('| 130 |').and.to.contain('CORRAL_URL')
    expect(reference).not.to.contain('ctl complete ')
  })
})
