import { expect } from 'chai'
import { endProcess } from './end-process.ts'
import { exitOf, TestRuns, textOf, untilOutput } from './test-runs.ts'

describe('endProcess', () => {
  let runs: TestRuns
  beforeEach(() => { runs = new TestRuns() })
  afterEach(() => runs.close())

  it('asks on the console and leaves a game that obeys alone', async () => {
    const run = await runs.shell('read -r x; echo "bye $x"; exit 0')
    const exit = await endProcess(run, { ask: () => run.write('quit'), askGraceMs: 5_000, terminateGraceMs: 5_000 })
    expect(exit).to.include({ code: 0, reason: 'exited' })
    expect(await textOf(run)).to.equal('bye quit\n')
  })

  it('asks with a signal', async () => {
    const run = await runs.shell('trap "exit 5" INT; echo up; while :; do sleep 0.02; done')
    await untilOutput(run, 'up')
    expect(await endProcess(run, { ask: 'SIGINT', askGraceMs: 5_000, terminateGraceMs: 5_000 })).to.include({ code: 5 })
  })

  it('goes on to SIGTERM at once if the game cannot be asked', async () => {
    const run = await runs.launch(['sleep', '300'], { hasInput: false })
    const start = performance.now()
    expect(await endProcess(run, { ask: () => run.write('quit'), askGraceMs: 60_000, terminateGraceMs: 5_000 })).to.include({ signal: 'SIGTERM' })
    expect(performance.now() - start).to.be.below(5_000)
  })

  it('insists on a game that heeds nothing', async () => {
    const run = await runs.shell('trap "echo no" INT TERM; echo up; while :; do sleep 0.02; done')
    await untilOutput(run, 'up')
    expect(await endProcess(run, { ask: 'SIGINT', askGraceMs: 100, terminateGraceMs: 100 })).to.include({ signal: 'SIGKILL' })
    expect(await textOf(run)).to.match(/^up\nno\n.*no\n$/s)
  })

  it('does not wait for an answer that never comes', async () => {
    const run = await runs.launch(['sleep', '300'])
    expect(await endProcess(run, { ask: () => new Promise(() => {}), askGraceMs: 50, terminateGraceMs: 5_000 })).to.include({ signal: 'SIGTERM' })
  })

  it('gives the exit of a run that has ended already', async () => {
    const run = await runs.shell('exit 3')
    await exitOf(run)
    expect(await endProcess(run, { ask: 'SIGINT', askGraceMs: 5_000, terminateGraceMs: 5_000 })).to.include({ code: 3 })
  })

  it('leaves a game as it is once it is abandoned', async () => {
    const run = await runs.shell('trap "" TERM INT; echo up; while :; do sleep 0.02; done')
    await untilOutput(run, 'up')
    const abandoned = new AbortController()
    const ending = endProcess(run, { ask: 'SIGINT', askGraceMs: 60_000, terminateGraceMs: 60_000, abandoned: abandoned.signal })
    abandoned.abort()
    expect(await ending.catch((error: { code: string }) => error.code)).to.equal('shutting_down')
    expect(run.exit).to.equal(undefined)
  })
})
