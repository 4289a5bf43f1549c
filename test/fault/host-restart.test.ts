import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { killGamesUnder } from '../helpers/game-processes.ts'

describe('a host that restarted', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('is told from a crash: games that should run are started at once, those that must never be are not', async () => {
    const cluster = await TestCluster.start(cleanups, { slave: { 'restart.attempts': 0 } })
    const { id } = await cluster.create('again')
    const { id: never } = await cluster.create('never', { restart_policy: 'never' })
    for (const instanceId of [id, never]) await cluster.api(startInstance, { instance_id: instanceId, wait: true })
    await cluster.slave().end('SIGKILL')
    for (const instanceId of [id, never]) await endAsByPowerCut(cluster, instanceId)

    await cluster.startSlave()
    const running = await cluster.until(id, ({ status }) => status === 'running')
    expect(running).to.include({ run: 2, problem: null })
    expect(running.last_exit).to.include({ reason: 'host_restarted', code: null, signal: null })
    const left = await cluster.until(never, ({ status }) => status === 'crashed')
    expect(left.problem).to.match(/^The game stopped: it ended with the host restarted/)
  })
})

/** What is left when the power goes: no process, no exit on record, a claim of another boot. */
async function endAsByPowerCut(cluster: TestCluster, id: number): Promise<void> {
  const run = join(cluster.instanceDirectory(id), 'runs/1')
  const [claim, state] = await Promise.all([readFile(join(run, 'claim'), 'utf8'), readFile(join(run, 'state'), 'utf8')])
  await killGamesUnder(run)
  const boot = /^G \d+ \d+ (\S+)$/m.exec(claim)?.[1] ?? ''
  expect(boot).to.match(/^[0-9a-f-]{36}$/)
  const other = boot.replaceAll(/[0-9a-f]/g, '0')
  await writeFile(join(run, 'claim'), claim.replaceAll(boot, other))
  await writeFile(join(run, 'state'), state.replaceAll(boot, other))
}
