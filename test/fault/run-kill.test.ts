import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { faultRounds, report } from '../helpers/fault-rounds.ts'
import type { RunRecord } from './run-kill-slave.ts'

const rounds = faultRounds(8)
const instances = 4
// '' is a kill from outside at a random moment.
const points = ['', 'intent', 'launch', 'launched', 'running', 'exit', 'ended', 'recovered']

describe('A slave that is killed again and again', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'corral-fault-'))
    // Some launchers are so slow that the next slave settles their start before they get to begin the game.
    mkdirSync(join(directory, 'bin'))
    for (const tool of ['mkfifo', 'setsid']) {
      writeFileSync(join(directory, 'bin', tool),
        `#!/bin/sh\n[ $(($$ % 5)) -ne 0 ] || sleep 0.$(($$ % 7 + 2))\nPATH=\${PATH#*:}\nexec ${tool} "$@"\n`, { mode: 0o755 })
    }
  })
  // Launchers that were slowed down may still write their last file.
  afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))

  async function live(point: string, mode = ''): Promise<{ code: number | null; signal: string | null }> {
    const slave = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'run-kill-slave.ts'), directory, String(instances), point, mode],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PATH: `${join(directory, 'bin')}:${process.env['PATH']}` } })
    const exited = once(slave, 'exit') as Promise<[number | null, string | null]>
    await Promise.race([once(slave.stdout, 'data'), exited])
    // A point that does not come up ends like a kill from outside.
    const killer = new AbortController()
    if (mode !== 'finish') {
      void delay(point === '' ? Math.random() * 300 : 1_000, undefined, { signal: killer.signal }).then(() => slave.kill('SIGKILL'), () => {})
    }
    const [code, signal] = await exited
    killer.abort()
    return { code, signal }
  }

  function truth(): string[] {
    return readFileSync(join(directory, 'truth'), 'utf8').trim().split('\n')
  }

  function records(): { instance: number; record: RunRecord }[] {
    return readdirSync(join(directory, 'records')).filter((name) => name.endsWith('.json')).map((name) => ({
      instance: Number(name.split('-')[0]),
      record: JSON.parse(readFileSync(join(directory, 'records', name), 'utf8')) as RunRecord,
    }))
  }

  it(`loses no game, doubles none and knows each exit status, over ${rounds} kills`, async function () {
    this.timeout(20_000 + rounds * 4_000)
    for (let round = 0; round < rounds; round++) {
      const { signal } = await live(points[round % points.length] ?? '')
      expect(signal).to.equal('SIGKILL')
    }
    expect(await live('', 'finish')).to.deep.equal({ code: 0, signal: null })

    const lines = truth()
    expect(lines.filter((line) => line.startsWith('double'))).to.deep.equal([])
    const begun = lines.filter((line) => line.startsWith('begin')).map((line) => line.slice(6))
    expect(new Set(begun).size, 'each run began once').to.equal(begun.length)
    expect(begun.length).to.be.above(0)
    const all = records()
    const expected = new Map(begun.map((name) => [name, name]))
    for (const { instance, record } of all) {
      const name = `${instance} ${record.run}`
      const what = expected.delete(name)
        ? { run: record.run, state: 'ended', code: (instance * 31 + record.run) % 100 }
        : { run: record.run, state: 'never began', code: null }
      expect(record, `run ${name}`).to.deep.equal(what)
    }
    expect([...expected.keys()], 'games that no record knows').to.deep.equal([])
    const revoked = all.filter(({ record }) => record.state === 'never began').length
    report(`${rounds} kills, ${all.length} runs, ${begun.length} games begun, ${revoked} starts revoked`)
  })
})
