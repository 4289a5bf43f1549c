import { expect } from 'chai'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { readProcess } from '../../lib/process-identity.ts'
import type { Run } from './run.ts'
import { exitOf, TestRuns, textOf, until, untilOutput } from './test-runs.ts'

describe('Run', () => {
  let runs: TestRuns
  beforeEach(() => { runs = new TestRuns() })
  afterEach(() => runs.close())

  async function failure(promise: Promise<unknown>): Promise<ClusterError> {
    return await promise.then(() => { throw new Error('did not fail') }, (error: unknown) => {
      expect(error).to.be.instanceOf(ClusterError)
      return error as ClusterError
    })
  }

  async function pidIn(run: Run, label: string): Promise<number> {
    const text = await untilOutput(run, `${label} done`)
    return Number(new RegExp(`${label} (\\d+)`).exec(text)?.[1])
  }

  function isGone(pid: number): boolean {
    return readProcess(pid)?.isZombie ?? true
  }

  describe('start', () => {
    it('begins the game with its arguments, folder and exactly its environment', async () => {
      const run = await runs.launch(['/usr/bin/env', 'sh', '-c', 'pwd; printf "%s|" "$@"; echo; env', 'x', 'a b', 'it\'s', '$HOME', ''],
        { env: { PATH: '/usr/bin:/bin', GREETING: 'hé\n"$x" \'q\'' } })
      await exitOf(run)
      const text = await textOf(run)
      expect(text).to.match(new RegExp(`^${runs.directory}\na b\\|it's\\|\\$HOME\\|\\|\n`))
      expect(text).to.include('GREETING=hé\n"$x" \'q\'\n')
      const names = text.split('\n').slice(2).filter((line) => line.includes('=')).map((line) => line.split('=')[0])
      // PWD is the inner shell's own.
      expect(names.filter((name) => name !== 'PWD')).to.have.members(['PATH', 'GREETING', 'CORRAL_RUN'])
    })

    it('runs the game in a session of its own, with the default limit of open files and no signal ignored', async () => {
      const run = await runs.shell('ulimit -n; grep -E "SigIgn|SigBlk" /proc/self/status; read x')
      const text = await untilOutput(run, 'SigIgn')
      expect(text).to.match(/^1024\n/).and.include('SigIgn:\t0000000000000000').and.include('SigBlk:\t0000000000000000')
      expect(readProcess(run.pid)?.session).to.equal(run.pid)
      expect(Math.abs(Date.parse(run.startedAt) - Date.now())).to.be.below(10_000)
    })

    it('reports a program that is not there', async () => {
      const error = await failure(runs.launch(['no-such-game']))
      expect(error.code).to.equal('program_missing')
      expect(error.message).to.include('no-such-game')
    })

    it('reports a program that is not executable', async () => {
      await writeFile(join(runs.directory, 'game'), '#!/bin/sh\n')
      await chmod(join(runs.directory, 'game'), 0o644)
      const error = await failure(runs.launch(['./game']))
      expect(error.code).to.equal('start_failed')
      expect(error.message).to.include('not executable')
    })

    it('reports a folder that is not there', async () => {
      expect((await failure(runs.launch(['true'], { cwd: '/no/such/folder' }))).message).to.include('/no/such/folder')
    })

    it('reports, with the last lines of the output, a program that the kernel does not start', async () => {
      await writeFile(join(runs.directory, 'game'), '#!/no/such/interpreter\n', { mode: 0o755 })
      const error = await failure(runs.launch(['./game']))
      expect(error.code).to.equal('start_failed')
      expect(error.message.split('\n')[0]).to.match(/^Could not start the game: .*\.\/game: not found$/)
      expect(error.message).to.include('The last lines:\n')
    })

    it('reports a game that it is not allowed to become another user for, without starting it', async function () {
      if (process.getuid?.() === 0) return
      const error = await failure(runs.launch(['touch', 'began'], { runAs: { uid: 0, gid: 0 } }))
      expect(error.code).to.equal('start_failed')
    })

    it('refuses a run directory that exists, names that no variable can have, and texts with NUL', async () => {
      const directory = runs.newDirectory()
      await mkdir(directory, { recursive: true })
      expect((await failure(runs.launch(['true'], { directory }))).code).to.equal('conflict')
      expect((await failure(runs.launch(['true'], { env: { 'A;B': '' } }))).code).to.equal('invalid_request')
      expect((await failure(runs.launch(['echo', 'a\0b'], { env: { PATH: '/bin' } }))).code).to.equal('invalid_request')
      expect((await failure(runs.launch(['/bin/echo', 'x'.repeat(200_000)]))).code).to.equal('invalid_request')
    })

    it('gives up at the deadline, and the game does not begin afterwards', async () => {
      const options = runs.options(['touch', join(runs.directory, 'began')], { startDeadlineMs: 0 })
      expect((await failure(runs.launch(options.argv, options))).code).to.equal('start_failed')
      await until(async () => (await readFile(join(options.directory, 'state'), 'utf8')).includes('\nX '))
      expect(await stat(join(runs.directory, 'began')).catch(() => undefined)).to.equal(undefined)
    })
  })

  describe('exit', () => {
    for (const code of [0, 1, 75, 126, 127, 137, 255]) {
      it(`reports exit status ${code} as an exit`, async () => {
        const { at, ...exit } = await exitOf(await runs.shell(`exit ${code}`))
        expect(exit).to.deep.equal({ code, signal: null, isCertain: true, reason: 'exited' })
        expect(Math.abs(Date.parse(at) - Date.now())).to.be.below(10_000)
      })
    }

    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGHUP']) {
      it(`reports ${signal} as a signal`, async () => {
        const exit = await exitOf(await runs.shell(`kill -${signal.slice(3)} $$`))
        expect(exit).to.include({ code: null, signal, isCertain: true, reason: 'signalled' })
        expect(exit.isOutOfMemory).to.equal(undefined)
      })
    }

    it('reports SIGINT, which the shell does not tell from exit 130, with doubt', async () => {
      const run = await runs.launch(['sleep', '60'])
      run.signal('SIGINT')
      expect(await exitOf(run)).to.include({ signal: 'SIGINT', isCertain: false })
    })

    it('comes after a follower has had the whole output, also for a listener that comes late', async () => {
      const run = await runs.launch([process.execPath, '-e', 'process.stdout.write("x".repeat(3e6))'])
      let seen = 0
      run.output.follow(0, (_offset, bytes) => { seen += bytes.length })
      await exitOf(run)
      expect(seen).to.equal(3e6)
      let again = 0
      run.output.follow(0, (_offset, bytes) => { again += bytes.length })
      await exitOf(run)
      expect(again).to.equal(3e6)
    })
  })

  describe('console', () => {
    it('gives lines to stdin in order, at least 100 ms apart', async () => {
      const run = await runs.launch([process.execPath, '-e', 'process.stdin.on("data", d => console.log(Date.now() + " " + d.toString().trim())); console.log("up")'])
      const { length } = await untilOutput(run, 'up\n')
      await Promise.all(['one', 'zwei ü', Buffer.from('three')].map((line) => run.write(line)))
      const lines = (await untilOutput(run, 'three\n')).slice(length).trim().split('\n')
      expect(lines.map((line) => line.slice(14))).to.deep.equal(['one', 'zwei ü', 'three'])
      const times = lines.map((line) => Number(line.slice(0, 13)))
      for (const index of [1, 2]) expect((times[index] ?? 0) - (times[index - 1] ?? 0)).to.be.at.least(80)
    })

    it('ends on demand, after the lines that wait', async () => {
      const run = await runs.shell('while read -r x; do echo "got $x"; done; echo EOF')
      const written = Promise.all([run.write('a'), run.write('b')])
      run.endInput()
      await written
      await exitOf(run)
      expect(await textOf(run)).to.equal('got a\ngot b\nEOF\n')
      expect((await failure(run.write('c'))).code).to.equal('console_unavailable')
    })

    it('takes 4095 bytes in one piece and refuses more, and what is not one line', async () => {
      const run = await runs.shell('read -r x; echo ${#x}')
      expect((await failure(run.write('x'.repeat(4096)))).code).to.equal('invalid_request')
      expect((await failure(run.write('a\nb'))).code).to.equal('invalid_request')
      await run.write('x'.repeat(4095))
      expect(await untilOutput(run, '\n')).to.equal('4095\n')
    })

    it('refuses lines for a game without a console, one that has closed it, and one that has ended', async () => {
      const without = await runs.launch(['sleep', '60'], { hasInput: false })
      expect((await failure(without.write('x'))).code).to.equal('console_unavailable')
      const closed = await runs.shell('exec <&-; echo closed; exec sleep 60')
      await untilOutput(closed, 'closed')
      expect((await failure(closed.write('x'))).code).to.equal('console_unavailable')
      const ended = await runs.launch(['true'])
      await exitOf(ended)
      expect((await failure(ended.write('x'))).code).to.equal('console_unavailable')
    })

    it('holds at most 64 lines that wait, and refuses them when the run is let go of', async () => {
      const run = await runs.launch(['sleep', '60'])
      const results = Array.from({ length: 70 }, (_, i) => run.write(`${i}`).then(() => 'written', (error: ClusterError) => error.code))
      await results[0]
      await run.detach()
      const outcomes = await Promise.all(results)
      expect(outcomes.filter((outcome) => outcome === 'console_unavailable').length).to.be.at.least(67)
      expect(outcomes[0]).to.equal('written')
    })
  })

  describe('terminal', () => {
    it('gives the game a terminal without echo, and its exit status', async () => {
      const run = await runs.shell('tty; stty size; read -r x; echo "got $x"; exit 9', { hasTerminal: true })
      await untilOutput(run, '40 160')
      await run.write('hello')
      expect(await exitOf(run)).to.include({ code: 9, reason: 'exited' })
      expect(await textOf(run)).to.match(/^\/dev\/pts\/\d+\n40 160\ngot hello\n$/)
    })

    it('signals and kills the game behind the terminal', async () => {
      const run = await runs.shell('trap "echo interrupted; exit 3" INT; echo up; while :; do sleep 0.05; done', { hasTerminal: true })
      await untilOutput(run, 'up')
      run.signal('SIGINT')
      expect(await exitOf(run)).to.include({ code: 3 })
      const stubborn = await runs.shell('trap "" TERM; echo up; while :; do sleep 1; done', { hasTerminal: true })
      await untilOutput(stubborn, 'up')
      await stubborn.kill()
      expect(stubborn.exit).to.include({ signal: 'SIGKILL' })
    })
  })

  describe('kill', () => {
    it('ends children in the session and descendants that have left it', async () => {
      const run = await runs.shell('sleep 300 & echo child $!; setsid sleep 301 & sleep 0.1; echo child done; trap "" TERM; while :; do sleep 1; done')
      const child = await pidIn(run, 'child')
      const outsiders = await readFile(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8')
      await run.kill()
      expect(run.exit).to.include({ signal: 'SIGKILL' })
      for (const pid of [child, ...outsiders.trim().split(' ').map(Number)]) expect(isGone(pid), `process ${pid} is gone`).to.equal(true)
    })

    it('clears away what a game that has ended left behind', async () => {
      const run = await runs.shell('setsid sleep 302 & echo left $!; sleep 0.1; echo left done')
      const left = await pidIn(run, 'left')
      await exitOf(run)
      expect(isGone(left)).to.equal(false)
      await run.kill()
      expect(isGone(left)).to.equal(true)
    })
  })

  it('runs the game as another user who can reach none of the run\'s files', async function () {
    if (process.getuid?.() !== 0) return
    const run = await runs.shell('id -u; id -g; cat ../runs/*/state; ls "$CORRAL_RUN"; echo x >/dev/stderr; echo still; read -r x; echo "got $x"',
      { runAs: { uid: 4711, gid: 4712 }, cwd: '/' })
    await untilOutput(run, 'still')
    await run.write('line')
    await exitOf(run)
    const text = await textOf(run)
    expect(text).to.match(/^4711\n4712\n/).and.include('Permission denied').and.include('still\ngot line\n')
  })
})
