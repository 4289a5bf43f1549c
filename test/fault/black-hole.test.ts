import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { report } from '../helpers/fault-rounds.ts'
import { TcpProxy } from '../helpers/tcp-proxy.ts'

const timeoutMs = 1_500
const settings = { 'link.heartbeat_ms': 300, 'link.heartbeat_timeout_ms': timeoutMs, 'link.resume_window_ms': 1_000 }
// What a check every third of the timeout, a slow machine and a request to ask add.
const marginMs = 2_500

describe('a network that swallows everything between master and slave', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('is noticed by both in the configured time; games go on, and the state is true again afterwards', async function () {
    this.timeout(60_000)
    const proxy = await TcpProxy.start(cleanups)
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: settings, slave: settings })
    proxy.targetPort = Number(new URL(cluster.url).port)
    await cluster.joinSlave('east')
    const config = join(cluster.directory, 'config-slave-east.json')
    const fields = JSON.parse(await readFile(config, 'utf8')) as object
    await writeFile(config, JSON.stringify({ ...fields, master_url: `http://127.0.0.1:${proxy.port}` }))
    await cluster.startSlave()
    const ids: number[] = []
    for (const name of ['stays', 'crashes', 'ends']) {
      const { id } = await cluster.create(name)
      ids.push(id)
      await cluster.api(startInstance, { instance_id: id, wait: true })
    }
    const [stays = 0, crashes = 0, ends = 0] = ids
    const { pid } = await cluster.state(stays)
    // Both end in a moment, when nobody can tell the master.
    await cluster.api(sendRcon, { instance_id: stays, command: 'join alice' })
    const crashing = cluster.state(crashes)
    const ending = cluster.state(ends)

    proxy.isBlackHole = true
    const began = performance.now()
    await Promise.all([
      cluster.slave().untilLog(/The connection to the master .* is lost/),
      cluster.untilConnected('east', false),
    ])
    const noticedMs = Math.round(performance.now() - began)
    expect(noticedMs).to.be.within(timeoutMs / 2, timeoutMs + marginMs)
    process.kill((await crashing).pid ?? 0, 'SIGSEGV')
    process.kill((await ending).pid ?? 0, 'SIGTERM')
    await cluster.slave().untilLog(/Run 1 has ended: exit status 0/)
    await cluster.slave().untilLog(/signal SIGSEGV/)
    // Past the window in which the session could be resumed.
    await cluster.slave().untilLog(/trying again/)
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(await cluster.state(stays)).to.include({ status: 'unknown' })

    proxy.isBlackHole = false
    proxy.cut()
    await cluster.untilConnected('east', true)
    const state = await cluster.until(stays, ({ status }) => status === 'running')
    expect(state).to.include({ pid, run: 1 })
    expect(state.players).to.deep.equal(['alice'])
    expect(await cluster.until(crashes, ({ status }) => status === 'running')).to.include({ run: 2 })
    expect((await cluster.until(ends, ({ status }) => status === 'stopped')).last_exit).to.include({ code: 0 })
    report(`noticed by both within ${noticedMs} ms of silence (limit ${timeoutMs} ms and its margin); 1 game went on, 1 crash and 1 end were told afterwards`)
  })
})
