import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { getMasterStatus } from '../../lib/link/messages/cluster.ts'
import { readConsole, sendRcon, setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { report } from '../helpers/fault-rounds.ts'
import { failureOf } from '../helpers/failure-of.ts'

const limitBytes = 2 * 1024 * 1024
const slaveMemoryBytes = 220 * 1024 * 1024

const shell = (id: string, script: string): string => `
id: ${id}
name: ${id}
program: { command: /bin/sh }
args: ['-c', ${JSON.stringify(script)}]
console: { input: stdin }
ready: { regex: '^ready' }
stop: { command: quit, grace_ms: 100, term_grace_ms: 100 }
events: { join: '^\\[join\\] (?<player>.+)$' }
`

describe('what a game prints', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  beforeEach(async () => {
    cluster = await TestCluster.start(cleanups, {
      slave: { 'restart.attempts': 20 },
      templates: {
        'noline.yaml': shell('noline', 'echo ready; sleep 0.3; head -c 100000000 /dev/zero | tr "\\\\0" x; echo; echo after; exec sleep 100'),
        'flood.yaml': shell('flood', 'echo ready; sleep 0.3; yes "a line of a game that says much more than anybody wants to read" | head -n 1000000; echo "[join] last"; exec sleep 100'),
        'binary.yaml': shell('binary', 'echo ready; sleep 0.3; head -c 3000000 /dev/urandom; printf "\\\\033[2J\\\\033]0;title\\\\007\\\\377\\\\376\\\\n"; echo "[join] last"; exec sleep 100'),
      },
    })
  })
  afterEach(() => cleanups.run())

  for (const [template, bytes] of [['noline', 100_000_000], ['flood', 64_000_000], ['binary', 3_000_000]] as const) {
    it(`can't hurt: ${template}, ${bytes / 1_000_000} MB with little room on the disk and a follower`, async function () {
      this.timeout(90_000)
      const { id: calm } = await cluster.create('calm')
      await cluster.api(startInstance, { instance_id: calm, wait: true })
      const follower = await cluster.link()
      const { id } = await cluster.create('wild', { template, console_limit_bytes: limitBytes })
      await follower.send(setInstanceOutputSubscriptions, { instance_ids: [id] })
      const began = performance.now()
      await cluster.api(startInstance, { instance_id: id, wait: true })
      let slowestMs = 0
      let end = 0
      let mostOnDisk = 0
      while (end < bytes) {
        const asked = performance.now()
        await cluster.api(sendRcon, { instance_id: calm, command: 'players' })
        await cluster.api(getMasterStatus, {})
        slowestMs = Math.max(slowestMs, performance.now() - asked)
        ;({ end } = await cluster.api(readConsole, { instance_id: id, tail: 1 }))
        mostOnDisk = Math.max(mostOnDisk, (await stat(join(cluster.instanceDirectory(id), 'runs/1/out'))).blocks * 512)
        expect(memoryOf(cluster.slave().pid)).to.be.below(slaveMemoryBytes)
      }
      const seconds = (performance.now() - began) / 1_000
      if (template !== 'noline') await cluster.until(id, ({ players }) => players.includes('last'), 30_000)
      const { head, chunk } = await cluster.api(readConsole, { instance_id: id })
      expect(chunk.offset, 'what is kept begins at the head').to.equal(head)
      if (bytes > limitBytes) expect((await failureOf(cluster.api(readConsole, { instance_id: id, from: 0 }))).code).to.equal('console_gone')
      await eventually(async () => {
        const { blocks } = await stat(join(cluster.instanceDirectory(id), 'runs/1/out'))
        expect(blocks * 512).to.be.at.most(limitBytes)
      }, { deadlineMs: 20_000, what: 'The bound on the disk' })
      let last = 0
      for (const { offset, bytes: piece } of follower.output(id)) {
        expect(offset).to.be.at.least(last)
        last = offset + piece.length
      }
      expect(await cluster.state(calm)).to.include({ status: 'running' })
      expect(cluster.slave().isRunning && cluster.master.isRunning).to.equal(true)
      report(`${template}: ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s, at most ${(mostOnDisk / 1e6).toFixed(1)} MB on disk (bound ${(limitBytes / 1e6).toFixed(1)}), `
        + `slave ${(memoryOf(cluster.slave().pid) / 1_048_576).toFixed(0)} MiB, others waited at most ${Math.round(slowestMs)} ms`)
    })
  }

  it('is bounded over many runs of one instance as well', async function () {
    this.timeout(60_000)
    const { id } = await cluster.create('again', { console_limit_bytes: 400_000, restart_policy: 'always' })
    for (let run = 1; run <= 6; run++) {
      if (run === 1) await cluster.api(startInstance, { instance_id: id })
      await cluster.until(id, (state) => state.status === 'running' && state.run === run)
      await cluster.api(sendRcon, { instance_id: id, command: 'flood 8000' })
      await cluster.untilConsole(id, '[flood] 8000 lines done')
      if (run < 6) await cluster.api(sendRcon, { instance_id: id, command: 'quit' })
    }
    let total = 0
    for (let run = 1; run <= 6; run++) {
      total += ((await stat(join(cluster.instanceDirectory(id), `runs/${run}/out`)).catch(() => undefined))?.blocks ?? 0) * 512
    }
    expect(total).to.be.within(50_000, 400_000)
  })
})

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024
}
