import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Assignment } from '../../lib/link/messages/instances.ts'
import { silentLogger } from '../../lib/log/logger.ts'
import { completeAssignment } from './complete-assignment.ts'
import { OwnTemplates } from './own-templates.ts'

const guarded = `
id: guarded
name: Guarded
program: { command: guarded }
variables:
  key: { type: secret, description: Made up, min_length: 8 }
  password: { type: secret, description: Optional, default: '' }
  size: { type: integer, description: A number, default: 1 }
ports:
  game: { protocol: tcp }
console: { input: none }
stop: { signal: SIGTERM }
`

const settings = { id: 1, name: 'a', variables: {}, ports: {}, restart_policy: 'on-failure', console_limit_bytes: 65_536 } as const
const assignment = (fields: Partial<Assignment> = {}): Assignment => ({ ...settings, template: 'guarded', ...fields })
const corral = (fields: Record<string, unknown>): Partial<Assignment> => ({ config_groups: [{ name: 'corral', fields }] })

describe('Completing an assignment that leaves its template to the slave', () => {
  let directory: string
  let templates: OwnTemplates
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'corral-test-'))
    await writeFile(join(directory, 'guarded.yaml'), guarded)
    templates = new OwnTemplates(directory, silentLogger)
  })
  after(() => rm(directory, { recursive: true }))

  const complete = (fields: Partial<Assignment>, before?: Awaited<ReturnType<typeof completeAssignment>>) =>
    completeAssignment({ instance: assignment(fields) }, templates, before?.assignment)

  it('takes the template of this slave, variables as texts, and makes up the secrets that are needed', async () => {
    const { assignment: whole, given, unusable } = await complete({ variables: { size: '7' } })
    expect(unusable).to.equal(null)
    expect(given).to.deep.equal(assignment({ variables: { size: '7' } }))
    expect(whole.template.id).to.equal('guarded')
    expect(whole.variables.size).to.equal(7)
    expect(whole.variables.key).to.be.a('string').with.length.of.at.least(8)
    expect(whole.variables).not.to.have.property('password')
  })

  it('keeps a secret that was made up, and lets go of one that was taken back', async () => {
    const first = await complete({ variables: { password: 'open' } })
    const next = await complete({}, first)
    expect(next.assignment.variables).to.deep.equal({ key: first.assignment.variables.key })
    const { template } = first.assignment
    const whole = await completeAssignment({ instance: assignment({ template }) }, templates, first.assignment)
    expect(whole.assignment.variables).to.deep.equal({ key: first.assignment.variables.key })
    expect((await complete({ variables: { key: 'another-key' } }, first)).assignment.variables.key).to.equal('another-key')
  })

  it('takes variables and ports in whatever form the group has them, Corral\'s own first', async () => {
    const loose = corral({ size: 3, note: 'not a variable', variables: { password: 'x' }, ports: { game: '5000' } })
    const { assignment: whole } = await complete({ ...loose, variables: { size: 4 } })
    expect(whole.variables).to.include({ size: 4, password: 'x' })
    expect(whole.ports).to.deep.equal({ game: 5_000 })
    expect((await complete({ ...loose, ports: { game: 6_000 } })).assignment.ports).to.deep.equal({ game: 6_000 })
  })

  it('keeps what can\'t be run and says why', async () => {
    const reasons: Array<readonly [Partial<Assignment>, RegExp]> = [
      [{ template: 'foreign' }, /no group "corral" that can be used/], [{ template: 'gaurded' }, /no template "gaurded" \(did you mean "guarded"\?\)/],
      [{ variables: { sice: 1 } }, /no variable "sice"/], [{ variables: { size: 'big' } }, /"size"/],
      [{ ports: { gmae: 5 } }, /no port "gmae"/], [corral({ ports: { game: 0 } }), /port "game" must be a number/], [corral({ variables: { nothing: 1 } }), /no variable "nothing"/],
    ]
    for (const [fields, reason] of reasons) {
      const { assignment: whole, given, unusable } = await complete(fields)
      expect(unusable, JSON.stringify(fields)).to.match(reason)
      expect(given).to.deep.equal(assignment(fields))
      expect(whole.template.stop).to.include({ signal: 'SIGTERM' })
    }
  })

  it('leaves an instance what it runs with while its configuration is wrong, and a template that only its old master had', async () => {
    const first = await complete({})
    const wrong = await complete({ template: 'foreign' }, first)
    expect(wrong.assignment).to.deep.include({ template: first.assignment.template, variables: first.assignment.variables })
    const elsewhere = { ...first, assignment: { ...first.assignment, template: { ...first.assignment.template, id: 'elsewhere' } } }
    expect((await complete({ template: 'elsewhere' }, elsewhere)).unusable).to.equal(null)
  })

  it('remembers the configuration word for word', async () => {
    const serialized = { groups: [{ name: 'odd', fields: { x: null } }] }
    expect((await completeAssignment({ instance: assignment(), serialized }, templates, undefined)).serialized).to.equal(serialized)
    expect((await complete({})).serialized).to.equal(null)
  })
})
