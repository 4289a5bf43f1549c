import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sendRcon, setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import { killInstance, restartInstance, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import type { Control } from '../helpers/control.ts'
import { faultRounds, report } from '../helpers/fault-rounds.ts'
import { Program } from '../helpers/program.ts'

const rounds = faultRounds(5)

interface Steady {
  readonly id: number
  readonly pid: number
  readonly name: string
}

describe('a slave that is killed under load, again and again', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let isLoading = true
  beforeEach(async () => { cluster = await TestCluster.start(cleanups) })
  afterEach(async () => {
    isLoading = false
    await cleanups.run()
  })

  async function started(name: string, template: string): Promise<Steady> {
    const { id } = await cluster.create(name, { template })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return { id, name, pid: (await cluster.state(id)).pid ?? 0 }
  }

  /** Sends numbered lines as long as it may; gives how many it tried, and those that were acknowledged. */
  async function chatter(id: number): Promise<{ tried: number; acknowledged: number[] }> {
    const acknowledged: number[] = []
    let tried = 0
    while (isLoading) {
      tried += 1
      try {
        await cluster.api(sendRcon, { instance_id: id, command: `echo line ${tried}.` })
        acknowledged.push(tried)
        if (tried % 40 === 0) await cluster.api(sendRcon, { instance_id: id, command: 'flood 3000' })
      } catch {
        await delay(20)
      }
    }
    return { tried, acknowledged }
  }

  /** Starts, stops, restarts and kills at random; what is refused is refused. */
  async function churn(id: number): Promise<number> {
    let count = 0
    while (isLoading) {
      const request = [startInstance, startInstance, stopInstance, restartInstance, killInstance][Math.floor(Math.random() * 5)] ?? startInstance
      await cluster.api(request, { instance_id: id }).then(() => { count += 1 }, () => {})
      await delay(Math.random() * 60)
    }
    return count
  }

  async function killOnce(): Promise<void> {
    const program = new Program('slave', ['run', '--config', 'config-slave-east.json'], { cwd: cluster.directory })
    // From its first moments, in the middle of its recovery, up to when all is at work again.
    await delay(Math.random() * 1_600)
    expect((await program.end('SIGKILL')).signal).to.equal('SIGKILL')
  }

  it(`loses no game, starts none twice, and loses or doubles no byte of a console, over ${rounds} kills`, async function () {
    this.timeout(60_000 + rounds * 5_000)
    const steady = [await started('one', 'sample'), await started('two', 'sample')]
    if (existsSync('/usr/games/teeworlds-server')) steady.push(await started('tee', 'teeworlds'))
    const churned = [await started('restless', 'sample'), await started('fickle', 'sample')]
    const follower = await cluster.link()
    await follower.send(setInstanceOutputSubscriptions, { instance_ids: steady.map(({ id }) => id) })

    const chatters = steady.filter(({ name }) => name !== 'tee').map(async ({ id }) => ({ id, ...await chatter(id) }))
    const changes = Promise.all(churned.map(({ id }) => churn(id)))
    await cluster.slave().end('SIGKILL')
    for (let round = 1; round < rounds; round++) await killOnce()
    await cluster.startSlave()
    await delay(300)
    isLoading = false
    const sent = await Promise.all(chatters)
    const changed = (await changes).reduce((sum, count) => sum + count, 0)

    for (const { id, pid } of steady) expect(await cluster.until(id, ({ status }) => status === 'running')).to.include({ pid, run: 1 })
    let bytes = 0
    let followed = 0
    for (const { id } of steady) {
      const [written, shown] = await Promise.all([readFile(join(cluster.instanceDirectory(id), 'runs/1/out')), cluster.console(id)])
      expect(shown.equals(written.subarray(0, shown.length)) && shown.length > 0, 'the console is what the game wrote').to.equal(true)
      bytes += shown.length
      followed += checkFollowed(follower, id, written)
    }
    expect(followed).to.be.above(0)
    for (const { id, tried, acknowledged } of sent) {
      const counts = countLines((await cluster.console(id)).toString())
      expect(acknowledged.filter((number) => counts.get(number) !== 1), 'acknowledged lines that the game did not get once').to.deep.equal([])
      for (let number = 1; number <= tried; number++) expect(counts.get(number) ?? 0, `line ${number}`).to.be.at.most(1)
    }
    let begun = 0
    for (const { id } of churned) {
      await cluster.api(stopInstance, { instance_id: id, wait: true })
      begun += await checkLives(id)
    }
    expect(cluster.gameProcesses()).to.have.members(steady.map(({ pid }) => pid))
    const acknowledged = sent.reduce((sum, { acknowledged: { length } }) => sum + length, 0)
    report(`${rounds} kills of the slave; ${steady.length} games went on, ${begun} lives of 2 others by ${changed} commands: 0 lost, 0 started twice`)
    report(`${acknowledged} acknowledged lines arrived once each; ${bytes} bytes of console, ${followed} of them followed live: 0 lost, 0 doubled`)
  })

  /** What was followed live: every piece in its place, none twice. What was missed is told by the offsets. */
  function checkFollowed(control: Control, id: number, written: Buffer): number {
    let end = 0
    let count = 0
    for (const { run, offset, bytes } of control.output(id)) {
      expect(run).to.equal(1)
      expect(offset, 'a byte that came already').to.be.at.least(end)
      expect(bytes.equals(written.subarray(offset, offset + bytes.length)), `the piece at ${offset}`).to.equal(true)
      end = offset + bytes.length
      count += bytes.length
    }
    return count
  }

  /** By the game's own account: as many lives as runs at most, and none that found its port taken by another. */
  async function checkLives(id: number): Promise<number> {
    const lines = readFileSync(join(cluster.instanceDirectory(id), 'data/sample.log'), 'utf8').trim().split('\n')
    const begun = lines.filter((line) => line.startsWith('begin'))
    expect(begun.length).to.be.at.most((await cluster.state(id)).run ?? 0)
    expect(lines.filter((line) => /^end .* 1$/.test(line)), 'lives that met another').to.deep.equal([])
    return begun.length
  }
})

function countLines(text: string): Map<number, number> {
  const counts = new Map<number, number>()
  for (const [, number] of text.matchAll(/^line (\d+)\.$/gm)) counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1)
  return counts
}
