import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger } from '../../lib/log/logger.ts'
import { parseTemplate } from '../../lib/template/parse.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { gameProcessesUnder } from '../../test/helpers/game-processes.ts'
import { TestSupervisors } from '../../test/helpers/supervisors.ts'
import { Drain } from '../supervisor/drain.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import type { Given } from '../template/complete-assignment.ts'
import type { Instance } from './instance.ts'
import type { InstanceRecord } from './record.ts'

// It hangs from the start of its first run on, deaf to SIGTERM; that is found out long before SIGKILL comes.
const script = '[ ! -e again ] || while :; do echo beat; sleep 0.05; done; touch again; trap "" TERM; while :; do sleep 0.1; done'
const template = parseTemplate(`
id: hanging
name: Hanging
program: { command: /bin/sh }
args: ['-c', '${script}']
console: { input: none }
stop: { signal: SIGTERM, grace_ms: 800, term_grace_ms: 100 }
health: { check: output, regex: '^beat', interval_ms: 100, deadline_ms: 300, failures: 1 }
`, 'hanging.yaml')
const given: Given = { instance: { id: 7, name: 'hanging', variables: {}, ports: {}, restart_policy: 'never', console_limit_bytes: 65_536, template } }

describe('Lifecycle, with a game that hangs', () => {
  let supervisors: TestSupervisors
  beforeEach(() => { supervisors = new TestSupervisors() })
  afterEach(() => supervisors.close())

  const record = async (): Promise<InstanceRecord> => JSON.parse(await readFile(join(supervisors.instance(7), 'instance.json'), 'utf8')) as InstanceRecord
  const untilStatus = (instance: Instance, status: string) => eventually(() => expect(instance.state.status).to.equal(status))

  for (const [when, found] of Object.entries({
    'before that is found out': () => Promise.resolve(),
    'after that was found out': (instance: Instance) => untilStatus(instance, 'stopping'),
  })) {
    async function hung(): Promise<{ supervisor: Supervisor; instance: Instance }> {
      const supervisor = await supervisors.next()
      const instance = await supervisor.assign(given)
      await instance.start(true)
      await found(instance)
      return { supervisor, instance }
    }

    it(`restarts it as asked ${when}, which is no crash`, async () => {
      const { instance } = await hung()
      expect(await instance.restart(true)).to.equal('running')
      expect(instance.state).to.include({ run: 2, problem: null })
      expect(instance.state.last_exit).to.include({ signal: 'SIGKILL' })
      expect(await record()).to.deep.include({ restarts: [], has_given_up: false })
    })

    it(`stops, kills or deletes it as asked ${when}`, async () => {
      for (const end of ['stop', 'kill', 'remove'] as const) {
        const { instance } = await hung()
        await instance[end](true)
        if (end !== 'remove') expect(instance.state).to.include({ desired: 'stopped', status: 'stopped', problem: null })
        expect(gameProcessesUnder(supervisors.directory)).to.deep.equal([])
        await supervisors.close()
        supervisors = new TestSupervisors()
      }
    })

    it(`is drained ${when}, and starts it again afterwards`, async () => {
      const { supervisor, instance } = await hung()
      const drain = new Drain(supervisors.state, supervisor, silentLogger, () => {})
      await drain.set({ enabled: true, stop: true, grace_ms: 0 })
      await eventually(() => expect(instance.state).to.include({ status: 'stopped', desired: 'running' }))
      await drain.set({ enabled: false })
      await eventually(() => expect(instance.state).to.include({ status: 'running', run: 2 }))
      expect(await record()).to.deep.include({ restarts: [], has_given_up: false })
      drain.close()
    })
  }

  it('is ended by the next slave where the one before was interrupted, and started again', async () => {
    const instance = await (await supervisors.next()).assign(given)
    await instance.start(true)
    const restart = instance.restart(true).catch(() => {})
    await eventually(async () => expect((await record()).run).to.include({ phase: 'stopping' }))
    const next = (await supervisors.next()).require(7)
    await restart
    await eventually(() => expect(next.state).to.include({ status: 'running', run: 2 }))
  })
})
