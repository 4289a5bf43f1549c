import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { errorCodes } from '../errors/codes.ts'
import type { Arguments } from './arguments.ts'
import { helpOptions } from './command.ts'
import type { CommandForm, ProgramSpec } from './command.ts'
import { helpText } from './help.ts'
import { parseCommandLine } from './parse.ts'

const program: ProgramSpec = {
  name: 'farm',
  summary: 'Keeps sheep.',
  note: 'Sheep have names.',
  options: [{ name: 'output', short: 'o', value: 'FORMAT', choices: ['table', 'json', 'yaml'], summary: 'How data is printed' }, ...helpOptions],
}

const commands: readonly CommandForm[] = [
  {
    path: ['sheep', 'shear'],
    summary: 'Shear sheep',
    details: 'They keep still.',
    arguments: [{ name: 'NAME', summary: 'Names of sheep', isMany: true }],
    options: [
      { name: 'wait', summary: 'Wait until it is done' },
      { name: 'within', value: 'DURATION', summary: 'How long it may take' },
      { name: 'set', value: 'KEY=VALUE', isMany: true, summary: 'What to note' },
    ],
  },
  {
    path: ['sheep', 'list'],
    summary: 'List sheep',
    arguments: [{ name: 'MEADOW', summary: 'Name of the meadow', isOptional: true }],
    options: [{ name: 'least', value: 'N', summary: 'Fewest sheep' }],
  },
  { path: ['count'], summary: 'Count them', arguments: [], options: [] },
  { path: ['cuckoo'], summary: 'For machines', arguments: [], options: [], isHidden: true },
]

function parsed(line: string): { path: string; args: Arguments } {
  const result = parseCommandLine(line.split(' '), program, commands)
  if (result.kind !== 'run') throw new Error(`Not a command: ${result.kind}`)
  return { path: result.command.path.join(' '), args: result.args }
}

function usageErrorOf(line: string): string {
  try {
    parseCommandLine(line.split(' '), program, commands)
  } catch (error) {
    expect(error).to.be.instanceOf(ClusterError)
    expect(errorCodes[(error as ClusterError).code].exit).to.equal(2)
    return (error as ClusterError).message
  }
  throw new Error(`Accepted: ${line}`)
}

describe('A command line', () => {
  it('has its command, words and options found, wherever the options stand', () => {
    const { path, args } = parsed('-o json sheep --within 5s shear dolly molly --wait')
    expect(path).to.equal('sheep shear')
    expect(args.words('NAME')).to.deep.equal(['dolly', 'molly'])
    expect(args.flag('wait')).to.equal(true)
    expect(args.text('output')).to.equal('json')
    expect(args.durationMs('within')).to.equal(5_000)
  })

  it('collects options that may be repeated', () => {
    expect(parsed('sheep shear dolly --set x=1 --set y=a=b').args.assignments('set')).to.deep.equal({ x: '1', y: 'a=b' })
  })

  it('has a lone dash, and all words after --, taken as words', () => {
    expect(parsed('sheep list -').args.word('MEADOW')).to.equal('-')
    expect(parsed('sheep shear dolly -- --wait -o').args.words('NAME')).to.deep.equal(['dolly', '--wait', '-o'])
  })

  it('tells a word that was left out from an empty one', () => {
    expect(parsed('sheep list').args.words('MEADOW')).to.deep.equal([])
    expect(parsed('sheep list ').args.words('MEADOW')).to.deep.equal([''])
  })

  it('gets the nearest command or option suggested', () => {
    expect(usageErrorOf('shep list')).to.equal('There is no command "farm shep" (did you mean "sheep"?); see `farm --help`')
    expect(usageErrorOf('sheep lst')).to.equal('There is no command "farm sheep lst" (did you mean "list"?); see `farm sheep --help`')
    expect(usageErrorOf('sheep list --outputt json')).to.equal('`farm sheep list` has no option --outputt (did you mean "--output"?); see `farm sheep list --help`')
    expect(usageErrorOf('--wiat')).to.contain('`farm` has no option --wiat (did you mean "--wait"?)')
    expect(usageErrorOf('cukoo'), 'a hidden one').not.to.contain('cuckoo"?')
  })

  it('is refused with options of other commands, missing values, values of switches and wrong choices', () => {
    expect(usageErrorOf('sheep list --wait')).to.contain('has no option --wait')
    expect(usageErrorOf('sheep shear dolly --within --wait')).to.contain('--within needs a value')
    expect(usageErrorOf('sheep shear dolly --within')).to.contain('--within needs a value')
    expect(usageErrorOf('sheep shear dolly --wait=no')).to.contain('takes no value')
    expect(usageErrorOf('count -o yml')).to.contain('did you mean "yaml"?')
  })

  it('is refused with words that are missing or too many', () => {
    expect(usageErrorOf('sheep shear')).to.equal('NAME is missing; usage: farm sheep shear NAME...')
    expect(usageErrorOf('sheep list a b')).to.equal('"b" is too much; usage: farm sheep list [MEADOW]')
  })

  it('asks for help, or needs it where words are missing', () => {
    expect(parseCommandLine(['sheep', 'list', '--help'], program, commands)).to.deep.equal({ kind: 'help', isAsked: true, path: ['sheep', 'list'] })
    expect(parseCommandLine(['sheep'], program, commands)).to.deep.equal({ kind: 'help', isAsked: false, path: ['sheep'] })
    expect(parseCommandLine([], program, commands)).to.deep.equal({ kind: 'help', isAsked: false, path: [] })
  })

  it('never runs a command that it asks the version with', () => {
    expect(parseCommandLine(['count', '--version'], program, commands)).to.deep.equal({ kind: 'version' })
  })

  it('has whole numbers read strictly, below 0 only where they may be', () => {
    expect(parsed('sheep list --least -5').args.integer('least', { min: -10 })).to.equal(-5)
    for (const text of ['-5', '1.5', 'some', '']) {
      expect(() => parsed(`sheep list --least=${text}`).args.integer('least')).to.throw(ClusterError, `--least must be a whole number, not "${text}"`)
    }
    expect(() => parsed('sheep list --least 0').args.integer('least', { min: 1 })).to.throw(ClusterError, '--least must be a whole number, 1 or more, not "0"')
    expect(() => parsed('sheep list --least 11').args.integer('least', { min: 1, max: 10 })).to.throw(ClusterError, '--least must be a whole number from 1 to 10, not "11"')
  })

  it('has durations read strictly', () => {
    const durationMs = (text: string, max?: string) => parsed(`sheep shear dolly --within ${text}`).args.durationMs('within', max)
    expect(durationMs('1d')).to.equal(86_400_000)
    expect(durationMs('2.5s')).to.equal(2_500)
    expect(() => durationMs('90')).to.throw(ClusterError, 'Say 90s, 90m, 90h or 90d')
    expect(() => durationMs('2d', '1d')).to.throw(ClusterError, '--within must be at most 1d, not "2d"')
    expect(() => durationMs('soon')).to.throw(ClusterError, 'must be a duration')
  })
})

describe('The help', () => {
  it('of a program has its commands but hidden ones', () => {
    const help = helpText(program, [], commands)
    expect(help).to.match(/^Usage: farm COMMAND \[options\]\n\nKeeps sheep\.\n\nCommands:\n/).and.to.match(/^ {2}sheep shear NAME\.\.\. {2}Shear sheep$/m)
    expect(help).to.contain('Sheep have names. `COMMAND --help` says more').and.not.to.contain('cuckoo')
  })

  it('of a command has its words, its options and those of all', () => {
    const help = helpText(program, ['sheep', 'shear'], commands)
    expect(help).to.contain('Usage: farm sheep shear NAME... [options]\n\nShear sheep\nThey keep still.\n')
    expect(help).to.match(/^ {2}--within DURATION {2}How long it may take$/m).and.to.match(/^ {2}-h, --help +Show help$/m)
  })
})
