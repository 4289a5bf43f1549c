import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { faultRounds, report } from '../helpers/fault-rounds.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'
import type { PairValue } from './fixtures/store-child.ts'

const rounds = faultRounds(3)
const msPerRound = 10_000

describe('A store whose process is killed', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('loses no confirmed write and keeps no half batch', async function () {
    this.timeout(rounds * msPerRound)
    const file = join(await temporaryDirectory(cleanups), 'store.db')
    const total = { confirmed: 0, lost: 0, halves: 0 }
    for (let round = 1; round <= rounds; round++) {
      const confirmed = await writeUntilKilled(file, round, cleanups)
      const { lost, halves } = await lookInto(file, round, confirmed.lastNumbers)
      total.confirmed += confirmed.count
      total.lost += lost
      total.halves += halves
    }
    report(`killed ${rounds} times among ${total.confirmed} confirmed batches: ${total.lost} lost, ${total.halves} half`)
    expect(total).to.include({ lost: 0, halves: 0 })
    expect(total.confirmed).to.be.greaterThan(rounds)
  })
})

interface Confirmed {
  count: number
  /** For each key the last number that was confirmed. */
  lastNumbers: Map<string, number>
}

async function writeUntilKilled(file: string, round: number, cleanups: Cleanups): Promise<Confirmed> {
  const script = join(import.meta.dirname, 'fixtures/store-child.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, 'write-pairs', file, `${round}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: msPerRound,
    killSignal: 'SIGKILL',
  })
  cleanups.add(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const killAfter = 1 + Math.floor(Math.random() * 5_000)
  const confirmed: Confirmed = { count: 0, lastNumbers: new Map() }
  for await (const line of createInterface({ input: child.stdout })) {
    const [, key, number] = /^(\d+-\d+) (\d+)$/.exec(line) ?? []
    // The last line may be cut by the kill.
    if (key === undefined) continue
    confirmed.lastNumbers.set(key, Number(number))
    // Some time later, or the kill would always come just after a commit.
    if (++confirmed.count === killAfter) void delay(Math.random() * 10).then(() => child.kill('SIGKILL'))
  }
  expect((await exited)[1], 'the writer is ended by the kill').to.equal('SIGKILL')
  expect(confirmed.count, 'the writer came as far as it was to be killed').to.be.at.least(killAfter)
  return confirmed
}

async function lookInto(file: string, round: number, lastNumbers: Map<string, number>): Promise<{ lost: number; halves: number }> {
  const store = await openSqliteStore({ file })
  try {
    const left = store.collection<PairValue>('left')
    const right = store.collection<PairValue>('right')
    const keys = new Set([...left.list(), ...right.list()].map(({ id }) => id))
    const halves = [...keys].filter((key) => JSON.stringify(left.get(key)?.value) !== JSON.stringify(right.get(key)?.value))
    const lost = [...lastNumbers].filter(([key, number]) => {
      const value = left.get(key)?.value
      return value === undefined || value.round !== round || value.number < number
    })
    return { lost: lost.length, halves: halves.length }
  } finally {
    await store.close()
  }
}
