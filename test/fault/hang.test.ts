import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'

const shell = (id: string, script: string, health: string): string => `
id: ${id}
name: ${id}
program: { command: /bin/sh }
args: ['-c', ${JSON.stringify(script)}]
console: { input: stdin }
stop: { command: quit, grace_ms: 100, term_grace_ms: 100 }
ports: { game: { protocol: tcp, default: 7777 } }
health: { ${health}, interval_ms: 100, deadline_ms: 300, failures: 2 }
`

describe('a game that hangs', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => {
    const sample = await readFile(join(packageRoot, 'templates/sample.yaml'), 'utf8')
    const asked = 'health: { check: output, command: players, regex: "^.players", interval_ms: 100, deadline_ms: 400, failures: 2 }\n'
    cluster = await TestCluster.start(cleanups, {
      templates: {
        'asked.yaml': `${sample.replace('id: sample', 'id: asked').replace('grace_ms: 5000', 'grace_ms: 100').replace(/health:[^]*/, '')}${asked}`,
        'beating.yaml': shell('beating', 'for i in 1 2 3 4 5 6 7 8 9 10; do echo beat; sleep 0.1; done; exec sleep 100', 'check: output, regex: ^beat'),
        'deaf.yaml': shell('deaf', 'exec sleep 100', 'check: tcp, port: game'),
        'unasked.yaml': shell('unasked', 'exec sleep 100', 'check: query, port: game, query: minecraft'),
      },
    })
  })
  after(() => cleanups.run())

  async function started(name: string, template: string): Promise<number> {
    const { id } = await cluster.create(name, { template, restart_policy: 'never' })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return id
  }

  it('is ended and started again once it does not answer any more, and not before', async () => {
    const { id } = await cluster.create('asked', { template: 'asked' })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    // Some checks that it passes.
    await cluster.untilConsole(id, '[players] 0: \n[players] 0: \n[players] 0: \n')
    expect(await cluster.state(id)).to.include({ status: 'running', run: 1 })
    await cluster.api(sendRcon, { instance_id: id, command: 'hang' })
    const again = await cluster.until(id, ({ status, run }) => status === 'running' && run === 2)
    expect(again.last_exit).to.include({ signal: 'SIGKILL' })
    expect(cluster.slave().log).to.match(/it hangs: it did not answer `players` within 400 ms, 2 times in a row/)
  })

  it('is watched by the slave that adopts it, too', async () => {
    const { id } = await cluster.create('adopted', { template: 'asked' })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    await cluster.until(id, ({ status, run }) => status === 'running' && run === 1)
    await cluster.api(sendRcon, { instance_id: id, command: 'hang' })
    await cluster.until(id, ({ status, run }) => status === 'running' && run === 2)
  })

  for (const [template, problem] of [
    ['beating', /it hangs: it printed no sign of life within 300 ms, 2 times in a row/],
    ['deaf', /it hangs: its port \d+ takes no connection \(ECONNREFUSED\), 2 times in a row/],
    ['unasked', /it hangs: it did not answer a minecraft query on port \d+.*, 2 times in a row/],
  ] as const) {
    it(`is found by the check of the template "${template}"`, async () => {
      const id = await started(template, template)
      const crashed = await cluster.until(id, ({ status }) => status === 'crashed')
      expect(crashed.problem).to.match(problem)
      expect(crashed).to.include({ desired: 'running', pid: null })
    })
  }
})
