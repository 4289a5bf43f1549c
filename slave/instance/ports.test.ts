import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTemplate } from '../../lib/template/parse.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { TestSupervisors } from '../../test/helpers/supervisors.ts'
import type { Given } from '../template/complete-assignment.ts'
import type { InstanceRecord } from './record.ts'

const template = parseTemplate(`
id: web
name: Web
program: { command: /bin/sleep }
args: ['1000']
console: { input: none }
stop: { signal: SIGTERM, grace_ms: 1000, term_grace_ms: 500 }
ports: { game: { protocol: tcp, default: 7777 }, web: { protocol: tcp, default: 8080 } }
`, 'web.yaml')
const given = (ports: Given['instance']['ports']): Given =>
  ({ instance: { id: 7, name: 'web', variables: {}, ports, restart_policy: 'never', console_limit_bytes: 65_536, template } })

describe('An instance\'s ports', () => {
  let supervisors: TestSupervisors
  beforeEach(() => { supervisors = new TestSupervisors() })
  afterEach(() => supervisors.close())

  const fromRange = (port: number | undefined): boolean => port !== undefined && port >= 40_000 && port <= 40_010

  for (const [when, isRunning] of [['while it runs', true], ['while it is stopped', false]] as const) {
    it(`are its own again from the next start on once one is not set any more, also ${when}`, async () => {
      const supervisor = await supervisors.next()
      const wanted = await freePort()
      const instance = await supervisor.assign(given({}))
      await instance.start(true)
      const chosen = instance.state.ports
      await instance.stop(true)
      await supervisor.assign(given({ web: wanted }))
      await instance.start(true)
      expect(instance.state.ports).to.deep.equal({ ...chosen, web: wanted })
      if (!isRunning) await instance.stop(true)
      await supervisor.assign(given({}))
      if (isRunning) {
        expect(instance.state.ports.web, 'while it runs').to.equal(wanted)
        await instance.stop(true)
      }
      await instance.start(true)
      expect(instance.state.ports.game).to.equal(chosen.game)
      expect(fromRange(instance.state.ports.web), String(instance.state.ports.web)).to.equal(true)
      const again = instance.state.ports
      await instance.restart(true)
      expect(instance.state.ports).to.deep.equal(again)
    })
  }

  it('are told apart also where the record of an earlier version does not say which were set', async () => {
    const wanted = await freePort()
    const instance = await (await supervisors.next()).assign(given({ web: wanted }))
    const { game } = instance.state.ports
    await supervisors.letGo()
    const file = join(supervisors.instance(7), 'instance.json')
    const { set_ports: _unknown, ...record } = JSON.parse(await readFile(file, 'utf8')) as InstanceRecord
    await writeFile(file, JSON.stringify(record))
    const next = await (await supervisors.next()).assign(given({}))
    expect(next.state.ports.game).to.equal(game)
    expect(fromRange(next.state.ports.web)).to.equal(true)
  })
})
