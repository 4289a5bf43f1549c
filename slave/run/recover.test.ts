import { expect } from 'chai'
import { appendFileSync, readFileSync } from 'node:fs'
import { cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readProcess } from '../../lib/process-identity.ts'
import { readGame, readState } from './records.ts'
import { Run } from './run.ts'
import { endNow, exitOf, TestRuns, textOf, until, untilOutput } from './test-runs.ts'

const echo = 'trap "echo INT; exit 4" INT; echo up; while read -r x; do echo "got $x"; done; echo EOF'

describe('Run.recover', () => {
  let runs: TestRuns
  beforeEach(() => { runs = new TestRuns() })
  afterEach(() => runs.close())

  const recover = (directory: string) => Run.recover({ directory, consoleLimitBytes: 1e6 })

  it('says that a run without a directory, or with an empty one, has not begun', async () => {
    const directory = runs.newDirectory()
    expect(await recover(directory)).to.equal(undefined)
    await mkdir(directory, { recursive: true })
    expect(await recover(directory)).to.equal(undefined)
    expect(await recover(directory)).to.equal(undefined)
  })

  it('settles a start whose launcher is late: its game never begins', async () => {
    const mark = join(runs.directory, 'began')
    const options = runs.options(['touch', mark])
    const launching = Run.launch(options).then(() => 'launched', (error: Error & { code: string }) => error.code)
    // The directory is there before the launcher is: this is a slave that was killed in between.
    await until(() => readState(options.directory).launcher !== undefined || recover(options.directory).then(() => false))
    expect(await recover(options.directory)).to.equal(undefined)
    expect(await launching).to.equal('start_failed')
    expect(readGame(options.directory)).to.equal(undefined)
    expect(() => readFileSync(mark)).to.throw('ENOENT')
  })

  it('adopts a running game after the slave was killed: console, output, signals, exit', async () => {
    const options = runs.options(['sh', '-c', echo])
    const daemon = await runs.launchInDaemon(options)
    await until(async () => (await readFile(join(options.directory, 'out'), 'utf8')).includes('up'))
    await endNow(daemon)
    const run = await runs.recover(options.directory)
    expect(run.exit).to.equal(undefined)
    expect(readProcess(run.pid)?.startTicks).to.equal(readGame(options.directory)?.startTicks)
    const { end } = run.output
    await run.write('ping')
    expect(await untilOutput(run, 'ping\n', end)).to.equal('got ping\n')
    run.signal('SIGINT')
    expect(await exitOf(run)).to.include({ code: 4, isCertain: true })
    expect(await textOf(run)).to.equal('up\ngot ping\nINT\n')
  })

  it('gives a game no end of input while no slave is there, and one on demand afterwards', async () => {
    const options = runs.options(['sh', '-c', echo])
    await endNow(await runs.launchInDaemon(options))
    const first = await runs.recover(options.directory)
    await first.write('one')
    await untilOutput(first, 'got one')
    await first.detach()
    const second = await runs.recover(options.directory)
    await second.write('two')
    second.endInput()
    await exitOf(second)
    expect(await textOf(second)).to.equal('up\ngot one\ngot two\nEOF\n')
  })

  it('continues the console at the byte, for a game that writes all the time', async () => {
    const script = 'let i = 0; setInterval(() => { for (let j = 0; j < 50; j++) console.log("zäh " + i++) }, 2)'
    const options = runs.options([process.execPath, '-e', script])
    await endNow(await runs.launchInDaemon(options))
    let position = 0
    let text = Buffer.alloc(0)
    for (let round = 0; round < 5; round++) {
      const run = await runs.recover(options.directory)
      await new Promise<void>((resolve) => {
        const target = position + 20_000 + round
        run.output.follow(position, (offset, bytes) => {
          if (position >= target) return
          expect(offset).to.equal(position)
          // Odd places, in the middle of lines and characters.
          const taken = bytes.subarray(0, target - position)
          text = Buffer.concat([text, taken])
          position += taken.length
          if (position === target) resolve()
        })
      })
      if (round < 4) await run.detach()
      else await run.kill()
    }
    const lines = text.toString().split('\n').slice(0, -1)
    expect(lines).to.deep.equal(lines.map((_, i) => `zäh ${i}`))
  })

  it('learns how a run ended while no slave was there, when, and what it wrote', async () => {
    const options = runs.options(['sh', '-c', 'while [ ! -e go ]; do sleep 0.02; done; echo last words; exit 42'])
    await endNow(await runs.launchInDaemon(options))
    await writeFile(join(runs.directory, 'go'), '')
    await until(() => readState(options.directory).exit !== undefined)
    await utimes(join(options.directory, 'state'), new Date('2026-01-02T03:04:05Z'), new Date('2026-01-02T03:04:05Z'))
    const run = await runs.recover(options.directory)
    expect(run.exit).to.deep.equal({ at: '2026-01-02T03:04:05.000Z', code: 42, signal: null, isCertain: true, reason: 'exited' })
    expect(await textOf(run)).to.equal('last words\n')
  })

  it('watches a game whose launcher was killed, and says that it does not know how it ended', async () => {
    const run = await runs.launch(['sleep', '300'])
    const directory = join(runs.directory, 'instances/1/runs/1')
    process.kill(readState(directory).launcher?.pid ?? 0, 'SIGKILL')
    await run.detach()
    const again = await runs.recover(directory)
    expect(again.exit).to.equal(undefined)
    await again.kill()
    expect(again.exit).to.include({ code: null, signal: null, isCertain: false, reason: 'unknown' })
  })

  it('does not take another process with the same number for the game', async () => {
    const run = await runs.launch(['sleep', '300'])
    const directory = join(runs.directory, 'instances/1/runs/1')
    const copy = join(runs.directory, 'copy')
    await cp(directory, copy, { recursive: true, filter: (path) => !path.endsWith('/in') })
    const { pid, startTicks, bootId } = readGame(directory) ?? { pid: 0, startTicks: '', bootId: '' }
    await writeFile(join(copy, 'claim'), `G ${pid} ${Number(startTicks) - 1} ${bootId}\n`)
    await writeFile(join(copy, 'state'), `L ${pid} 1 ${bootId} plain\n`)
    const stranger = await runs.recover(copy)
    expect(stranger.exit).to.include({ reason: 'unknown', isCertain: false })
    stranger.signal('SIGKILL')
    await stranger.kill()
    expect(readProcess(run.pid)?.isZombie).to.equal(false)
  })

  it('knows that a restart of the host ended a run, at its last sign of life', async () => {
    const directory = runs.newDirectory()
    await runs.launch(['true'], { directory }).then(exitOf)
    await writeFile(join(directory, 'claim'), 'G 1 1 another-boot\n')
    await writeFile(join(directory, 'state'), 'L 1 1 another-boot plain\n')
    const lastWrite = new Date('2026-02-03T04:05:06Z')
    for (const name of ['state', 'out']) await utimes(join(directory, name), lastWrite, lastWrite)
    const run = await runs.recover(directory)
    expect(run.exit).to.deep.equal({ at: lastWrite.toISOString(), code: null, signal: null, isCertain: false, reason: 'host_restarted' })
  })

  it('does not believe a record that is not complete', async () => {
    const run = await runs.launch(['sleep', '300'])
    const directory = join(runs.directory, 'instances/1/runs/1')
    appendFileSync(join(directory, 'state'), 'X 0')
    await run.detach()
    const again = await runs.recover(directory)
    expect(again.exit).to.equal(undefined)
    await again.kill()
  })

  it('lets the launcher bound the output while no slave does', async function () {
    const limit = 1024 * 1024
    const options = runs.options([process.execPath, '-e', 'const b = Buffer.alloc(3e6, "x\\n"); setTimeout(() => require("fs").writeSync(1, b), 300); setInterval(() => {}, 1000)'],
      { consoleLimitBytes: limit })
    await endNow(await runs.launchInDaemon(options))
    await until(async () => Number(await readFile(join(options.directory, 'head'), 'utf8')) > 0, 15_000)
    const run = await runs.recover(options.directory, limit)
    expect(run.output.head).to.equal(3e6 - limit / 2)
    expect((await run.output.read(run.output.head, 10)).bytes.includes(0)).to.equal(false)
    await run.kill()
  })
})
