import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../test/helpers/eventually.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { gameProcessesUnder } from '../../test/helpers/game-processes.ts'
import { shellGame, TestSupervisors } from '../../test/helpers/supervisors.ts'
import { InstanceDirectory } from '../instance/record.ts'
import { Run } from '../run/run.ts'

describe('Supervisor', () => {
  let supervisors: TestSupervisors
  beforeEach(() => { supervisors = new TestSupervisors() })
  afterEach(() => supervisors.close())

  /** Process id of a game that a slave before has started. */
  async function started(id: number): Promise<number> {
    const supervisor = await supervisors.next()
    const instance = await supervisor.assign(shellGame(id))
    await instance.start(true)
    const { pid } = instance.state
    await supervisors.letGo()
    return pid ?? 0
  }

  describe('for an instance whose record is damaged', () => {
    for (const [how, damage] of Object.entries({
      'empty': (file: string) => writeFile(file, ''),
      'no object': (file: string) => writeFile(file, 'null'),
      'lost': (file: string) => rm(file),
      'that of another': async (file: string) => writeFile(file, (await readFile(file, 'utf8')).replace('"id":7', '"id":8')),
    })) {
      it(`starts no second game and makes it not anew: ${how}`, async () => {
        const pid = await started(7)
        const file = join(supervisors.instance(7), 'instance.json')
        const good = await readFile(file, 'utf8')
        await damage(file)
        const damaged = await readFile(file, 'utf8').catch(() => undefined)

        const supervisor = await supervisors.next()
        expect(supervisor.list()).to.deep.equal([])
        expect((await failureOf(supervisor.assign(shellGame(7)))).code).to.equal('store_failed')
        expect(() => supervisor.require(7)).to.throw(supervisors.instance(7)).with.property('code', 'store_failed')
        expect((await failureOf(supervisor.remove(7))).code).to.equal('store_failed')
        expect(await readFile(file, 'utf8').catch(() => undefined)).to.equal(damaged)

        await writeFile(file, good)
        expect((await supervisor.assign(shellGame(7))).state).to.include({ pid, run: 1, desired: 'running' })
        expect(gameProcessesUnder(supervisors.directory)).to.include(pid)
      })
    }

    it('looks at it only once, however many ask at the same time', async () => {
      await started(7)
      const file = join(supervisors.instance(7), 'instance.json')
      await rename(file, `${file}.away`)
      let added = 0
      const supervisor = await supervisors.next({ added: () => { added += 1 } })
      await rename(`${file}.away`, file)
      const [first, second] = await Promise.all([supervisor.assign(shellGame(7)), supervisor.assign(shellGame(7)), supervisor.remove(7)])
      expect(first).to.equal(second)
      expect(added).to.equal(1)
      expect(supervisor.list()).to.deep.equal([])
      expect(gameProcessesUnder(supervisors.directory)).to.deep.equal([])
    })

    it('makes one anew whose making was interrupted before it had a record', async () => {
      await mkdir(join(supervisors.instance(7), 'data'), { recursive: true })
      await writeFile(join(supervisors.instance(7), 'instance.json.new'), '{')
      const supervisor = await supervisors.next()
      expect((await supervisor.assign(shellGame(7))).state).to.include({ desired: 'stopped', status: 'stopped' })
    })
  })

  it('starts no second game while it can\'t find out what became of the first, and goes on with that when it can', async () => {
    const pid = await started(7)
    const known = join(supervisors.instance(7), 'runs/1/known')
    await rename(known, `${known}.away`)
    const supervisor = await supervisors.next()
    const instance = supervisor.require(7)
    expect(instance.state).to.deep.include({ status: 'unknown', desired: 'running' })
    expect(instance.state.problem).to.include('run 1').and.include('known')
    for (const ask of [() => instance.start(true), () => instance.restart(true), () => instance.save(), () => instance.stop(true), () => supervisor.remove(7), () => instance.kill()]) {
      expect((await failureOf(ask())).code).to.equal('store_failed')
    }
    expect(existsSync(supervisors.instance(7))).to.equal(true)
    expect(await readdir(join(supervisors.instance(7), 'runs'))).to.deep.equal(['1'])

    await rename(`${known}.away`, known)
    await instance.start(true)
    expect(instance.state).to.include({ status: 'running', run: 1, pid })
    await instance.stop(true)
    expect(gameProcessesUnder(supervisors.directory)).to.deep.equal([])
  })

  it('takes up a game that has begun although its start failed, instead of starting it again', async () => {
    const supervisor = await supervisors.next()
    const instance = await supervisor.assign(shellGame(7))
    const game = await Run.launch({
      directory: join(supervisors.instance(7), 'runs/1'), argv: ['sleep', '1000'], cwd: '/', env: { PATH: process.env.PATH ?? '' },
      hasInput: false, hasTerminal: false, consoleLimitBytes: 65_536,
    })
    await failureOf(instance.start(true))
    expect(instance.state.status).to.equal('unknown')
    await instance.start(true)
    expect(instance.state).to.include({ status: 'running', run: 1, pid: game.pid })
    await game.detach()
  })

  it('recovers though the console of the last run can\'t be read', async () => {
    const supervisor = await supervisors.next()
    await (await supervisor.assign(shellGame(7))).start(true)
    await supervisor.require(7).stop(true)
    await rm(join(supervisors.instance(7), 'runs/1/known'))
    const instance = (await supervisors.next()).require(7)
    await instance.start(true)
    expect(instance.state).to.include({ status: 'running', run: 2 })
  })

  it('leaves nothing of a start that failed before the game began', async () => {
    const supervisor = await supervisors.next()
    const instance = await supervisor.assign(shellGame(7, { policy: 'never', prepare: 'rmdir "$PWD"' }))
    expect((await failureOf(instance.start(true))).code).to.equal('start_failed')
    expect(instance.state).to.include({ status: 'crashed', run: 1 })
    expect(await readdir(join(supervisors.instance(7), 'runs'))).to.deep.equal([])
    expect(await instance.archive.list()).to.deep.equal({ runs: [] })
  })

  it('says in the first line of its problem why a preparation failed', async () => {
    const supervisor = await supervisors.next()
    for (const [prepare, why] of [['echo first; echo no space left; exit 3', 'no space left'], ['exit 3', 'exit status 3']] as const) {
      const instance = await supervisor.assign(shellGame(7, { policy: 'never', prepare }))
      await failureOf(instance.start(true))
      expect(instance.state.problem?.split('\n')[0]).to.equal(`Could not prepare the game: ${why}`)
    }
  })

  it('does not begin what is told to stop at any moment of its start', async () => {
    const supervisor = await supervisors.next()
    const instance = await supervisor.assign(shellGame(7, { prepare: 'exec sleep 1000' }))
    for (let turns = 0; turns < 12; turns++) {
      await instance.start(false)
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
      await instance.stop(true)
      expect(instance.state).to.include({ status: 'stopped', pid: null })
    }
  })

  describe('for assignments that come at the same time', () => {
    it('has the last one in the end', async () => {
      const supervisor = await supervisors.next()
      await Promise.all(Array.from({ length: 20 }, (_, i) => supervisor.assign(shellGame(7, { name: `name-${i}` }))))
      expect(supervisor.require(7).assignment.name).to.equal('name-19')
      expect(JSON.parse(await readFile(join(supervisors.instance(7), 'instance.json'), 'utf8'))).to.have.nested.property('assignment.name', 'name-19')
    })
  })

  describe('deleting', () => {
    it('takes an instance out of sight before its files are gone, and clears away what is left of it', async () => {
      const supervisor = await supervisors.next()
      await supervisor.assign(shellGame(7))
      await new InstanceDirectory(supervisors.instance(7)).delete()
      // The slave was killed at this point.
      const [left] = await readdir(join(supervisors.directory, 'instances'))
      expect(left).to.match(/^\.deleted-7-/)
      const next = await supervisors.next()
      expect(next.list()).to.deep.equal([])
      await eventually(async () => expect(await readdir(join(supervisors.directory, 'instances'))).to.deep.equal([]))
    })

    it('lets an instance with the same id be made at once', async () => {
      const supervisor = await supervisors.next()
      for (let i = 0; i < 3; i++) {
        await (await supervisor.assign(shellGame(7))).start(true)
        await supervisor.remove(7)
        expect(await readdir(join(supervisors.directory, 'instances'))).to.deep.equal([])
      }
      expect(gameProcessesUnder(supervisors.directory)).to.deep.equal([])
    })

    it('that fails leaves the instance as it was', async () => {
      const supervisor = await supervisors.next()
      const instance = await supervisor.assign(shellGame(7))
      const away = join(supervisors.directory, 'away')
      await instance.stop(true)
      await rename(supervisors.instance(7), away)
      expect((await failureOf(supervisor.remove(7))).code).to.equal('store_failed')
      await rename(away, supervisors.instance(7))
      await instance.start(true)
      expect(instance.state.status).to.equal('running')
      await supervisor.remove(7)
    })
  })
})
