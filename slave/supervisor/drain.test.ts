import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger } from '../../lib/log/logger.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { shellGame, TestSupervisors } from '../../test/helpers/supervisors.ts'
import { Drain } from './drain.ts'

describe('Drain', () => {
  let supervisors: TestSupervisors
  beforeEach(() => { supervisors = new TestSupervisors() })
  afterEach(() => supervisors.close())

  it('obeys orders that come at once in their order: disk, memory and what is told agree', async () => {
    const supervisor = await supervisors.next()
    const told: boolean[] = []
    const drain = new Drain(supervisors.state, supervisor, silentLogger, (isOn) => told.push(isOn))
    for (let round = 0; round < 20; round++) {
      const orders = [true, false, true, false, round % 2 === 0].map((enabled) => drain.set({ enabled }))
      const answers = await Promise.all(orders)
      expect(told.splice(0)).to.deep.equal(answers.map(({ draining }) => draining))
      const onDisk = JSON.parse(await readFile(join(supervisors.directory, 'slave.json'), 'utf8')) as { drain: unknown }
      expect([drain.isOn, onDisk.drain !== null]).to.deep.equal([round % 2 === 0, round % 2 === 0])
    }
    drain.close()
  })

  it('lets a game that is being prepared not begin, and who waits for it knows', async () => {
    const supervisor = await supervisors.next()
    const drain = new Drain(supervisors.state, supervisor, silentLogger, () => {})
    const instance = await supervisor.assign(shellGame(7, { prepare: 'touch begun; exec sleep 1000' }))
    const start = failureOf(instance.start(true))
    await eventually(() => expect(existsSync(join(supervisors.instance(7), 'data/begun'))).to.equal(true))
    await drain.set({ enabled: true })
    expect(await start).to.include({ code: 'wrong_state' })
    expect(instance.state).to.include({ desired: 'running', status: 'stopped', run: 1, pid: null })
    await drain.set({ enabled: false })
    await instance.stop(true)
    drain.close()
  })
})
