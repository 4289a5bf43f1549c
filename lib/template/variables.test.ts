import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { parseTemplate } from './parse.ts'
import { checkVariables, generateSecrets, isSecretVariable, resolveVariables, withoutSecrets } from './variables.ts'

const template = parseTemplate(`id: game
name: Game
program: { command: game }
stop: { signal: SIGINT }
console: { input: none }
variables:
  title: { type: string, default: '{instance.name}', max_length: 80 }
  mode: { type: string, default: dm, enum: [dm, ctf] }
  players: { type: integer, default: 8, min: 1, max: 64 }
  speed: { type: number, default: 1 }
  open: { type: boolean, default: false }
  password: { type: secret }
  join_password: { type: secret, default: '' }
  rules: { type: string, default: '', multiline: true }
`, 'game.yaml')
const required = parseTemplate(`id: game
name: Game
program: { command: game }
stop: { signal: SIGINT }
console: { input: none }
variables: { map: { type: string, description: Where to play } }
`, 'game.yaml')

function failure(given: Record<string, unknown>, of = template): ClusterError {
  try {
    resolveVariables(of, given)
  } catch (error) {
    if (error instanceof ClusterError) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('resolveVariables', () => {
  it('gives defaults, and keeps a default that names the instance as it is written', () => {
    const values = resolveVariables(template, { password: 'p' })
    expect(values).to.deep.equal({
      title: '{instance.name}', mode: 'dm', players: 8, speed: 1, open: false, password: 'p', join_password: '', rules: '',
    })
  })

  it('fills the instance\'s name into defaults when it is known', () => {
    expect(resolveVariables(template, {}, { id: 3, name: 'arena' }).title).to.equal('arena')
    expect(resolveVariables(template, { title: '{instance.id}' }, { id: 3, name: 'arena' }).title).to.equal('{instance.id}')
  })

  it('turns texts from a command line into the types of the variables', () => {
    const values = resolveVariables(template, { players: '12', speed: '0.5', open: 'yes', title: 7 })
    expect(values).to.include({ players: 12, speed: 0.5, open: true, title: '7' })
  })

  it('makes up secrets that were not given, and gives back those that were', () => {
    const first = resolveVariables(template, {})
    expect(first.password).to.match(/^[A-Za-z0-9]{24}$/)
    expect(resolveVariables(template, {}).password).not.to.equal(first.password)
    expect(resolveVariables(template, first)).to.deep.equal(first)
  })

  const refused: [given: Record<string, unknown>, message: RegExp][] = [
    [{ playrs: 1 }, /has no variable "playrs" \(did you mean "players"\?\)/],
    [{ zzz: 1 }, /has no variable "zzz"; it has title, mode/],
    [{ players: '1.5' }, /"players".*whole number/],
    [{ players: '' }, /whole number/],
    [{ players: '0x10' }, /whole number/],
    [{ players: 65 }, /at most 64/],
    [{ players: 0 }, /at least 1/],
    [{ speed: Number.NaN }, /must be a number/],
    [{ open: 'maybe' }, /true or false/],
    [{ open: 1 }, /true or false/],
    [{ mode: 'tdm' }, /one of dm, ctf/],
    [{ title: 'x'.repeat(81) }, /at most 80/],
    [{ title: 'a\nsv_rcon_password x' }, /one line/],
    [{ title: 'a\u2028b' }, /one line/],
    [{ title: 'a\u0000' }, /one line/],
    [{ title: { toString: 'x' } }, /must be a text/],
    [{ title: null }, /must be a text/],
    [{ rules: 'a\u0000b' }, /control characters/],
    [JSON.parse('{"__proto__": 1}') as Record<string, unknown>, /has no variable "__proto__"/],
  ]
  for (const [given, message] of refused) {
    it(`refuses ${JSON.stringify(given).slice(0, 60)}`, () => {
      const error = failure(given)
      expect(error.code).to.equal('invalid_variable')
      expect(error.message).to.match(message)
    })
  }

  it('lets a variable that says so have several lines', () => {
    expect(resolveVariables(template, { rules: 'a\n\tb' }).rules).to.equal('a\n\tb')
  })

  it('says what a variable is for that must be given', () => {
    expect(failure({}, required).message).to.equal('Variable "map" of template "game" is missing (Where to play); give it as map=VALUE')
  })
})

describe('checkVariables', () => {
  it('gives back what was given only, in the right types', () => {
    expect(checkVariables(template, { players: '3' })).to.deep.equal({ players: 3 })
  })
})

describe('secrets', () => {
  it('are made for those without a default only', () => {
    expect(Object.keys(generateSecrets(template, {}))).to.deep.equal(['password'])
    expect(generateSecrets(template, { password: 'x' })).to.deep.equal({})
  })

  it('are told from other variables and hidden', () => {
    expect(isSecretVariable(template, 'password')).to.equal(true)
    expect(isSecretVariable(template, 'title')).to.equal(false)
    expect(isSecretVariable(template, 'toString')).to.equal(false)
    expect(withoutSecrets(template, { password: 'abc', join_password: '', title: 't' }))
      .to.deep.equal({ password: '********', join_password: '', title: 't' })
  })
})
