import { expect } from 'chai'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import { errorCodes } from '../lib/errors/codes.ts'
import type { Arguments } from './arguments.ts'
import { commands } from './cli.ts'
import { globalOptions } from './command.ts'
import { parseCommandLine } from './parse.ts'

function parsed(line: string): { path: string; args: Arguments } {
  const result = parseCommandLine(line.split(' '), commands)
  if (result.kind !== 'run') throw new Error(`Not a command: ${result.kind}`)
  return { path: result.command.path.join(' '), args: result.args }
}

function usageErrorOf(line: string): string {
  try {
    parseCommandLine(line.split(' '), commands)
  } catch (error) {
    expect(error).to.be.instanceOf(ClusterError)
    expect(errorCodes[(error as ClusterError).code].exit).to.equal(2)
    return (error as ClusterError).message
  }
  throw new Error(`Accepted: ${line}`)
}

describe('The command line', () => {
  it('finds the command, its words and its options, wherever the options stand', () => {
    const { path, args } = parsed('-o json instance --timeout 5s start arena lobby --wait')
    expect(path).to.equal('instance start')
    expect(args.words('NAME')).to.deep.equal(['arena', 'lobby'])
    expect(args.flag('wait')).to.equal(true)
    expect(args.text('output')).to.equal('json')
    expect(args.durationMs('timeout')).to.equal(5_000)
  })

  it('collects options that may be repeated', () => {
    const { args } = parsed('instance create a --template t --set x=1 --set y=a=b --port game=8303')
    expect(args.assignments('set')).to.deep.equal({ x: '1', y: 'a=b' })
    expect(args.assignments('port')).to.deep.equal({ game: '8303' })
  })

  it('takes words after -- as they are', () => {
    expect(parsed('instance send arena -- say --hello').args.words('LINE')).to.deep.equal(['say', '--hello'])
  })

  it('suggests the nearest command', () => {
    expect(usageErrorOf('slav list')).to.contain('did you mean "slave"?')
    expect(usageErrorOf('instance strat x')).to.contain('did you mean "start"?')
    expect(usageErrorOf('instance config gte x')).to.contain('did you mean "get"?')
  })

  it('suggests the nearest option', () => {
    expect(usageErrorOf('slave list --outputt json')).to.contain('did you mean "--output"?')
    expect(usageErrorOf('instance start a --wiat')).to.contain('did you mean "--wait"?')
  })

  it('refuses options of other commands, missing values, values of switches and wrong choices', () => {
    expect(usageErrorOf('slave list --wait')).to.contain('has no option --wait')
    expect(usageErrorOf('instance logs a --tail -f')).to.contain('--tail needs a value')
    expect(usageErrorOf('instance logs a --tail')).to.contain('--tail needs a value')
    expect(usageErrorOf('instance start a --wait=no')).to.contain('takes no value')
    expect(usageErrorOf('slave list -o yml')).to.contain('did you mean "yaml"?')
  })

  it('refuses words that are missing or too many', () => {
    expect(usageErrorOf('instance start')).to.contain('NAME is missing; usage: ctl instance start NAME...')
    expect(usageErrorOf('slave list all')).to.contain('"all" is too much')
  })

  it('shows help for a command, a group, and where words are missing', () => {
    expect(parseCommandLine(['instance', 'start', '--help'], commands)).to.deep.include({ kind: 'help', isAsked: true, path: ['instance', 'start'] })
    expect(parseCommandLine(['instance'], commands)).to.deep.equal({ kind: 'help', isAsked: false, path: ['instance'] })
    expect(parseCommandLine([], commands)).to.deep.equal({ kind: 'help', isAsked: false, path: [] })
  })

  it('reads durations and numbers strictly', () => {
    expect(parsed('slave invite --expires 1d').args.durationMs('expires')).to.equal(86_400_000)
    expect(parsed('slave invite --expires 2.5s').args.durationMs('expires')).to.equal(2_500)
    expect(() => parsed('slave invite --expires 90').args.durationMs('expires')).to.throw(ClusterError, 'Say 90s, 90m, 90h or 90d')
    expect(() => parsed('slave invite --expires 2d').args.durationMs('expires', '1d')).to.throw(ClusterError, '--expires must be at most 1d, not "2d"')
    expect(() => parsed('slave invite --expires soon').args.durationMs('expires')).to.throw(ClusterError, 'must be a duration')
    expect(() => parsed('slave invite --uses 1.5').args.integer('uses')).to.throw(ClusterError, '--uses must be a whole number, not "1.5"')
    expect(() => parsed('slave invite --uses 0').args.integer('uses', { min: 1 })).to.throw(ClusterError, '--uses must be a whole number, 1 or more, not "0"')
    expect(() => parsed('slave invite --uses 11').args.integer('uses', { min: 1, max: 10 })).to.throw(ClusterError, '--uses must be a whole number from 1 to 10, not "11"')
  })
})

describe('The table of commands', () => {
  it('gives options of one name the same kind and letter everywhere, for the command is found before its options are', () => {
    const kinds = new Map<string, string>()
    for (const { name, short, value, isMany } of [...globalOptions, ...commands.flatMap(({ options }) => options)]) {
      const kind = JSON.stringify([short, value !== undefined, isMany])
      expect(kinds.get(name) ?? kind, `--${name}`).to.equal(kind)
      kinds.set(name, kind)
    }
  })

  it('has no command whose words begin another', () => {
    const paths = commands.map(({ path }) => path.join(' '))
    for (const path of paths) expect(paths.filter((other) => other.startsWith(`${path} `))).to.deep.equal([])
    expect(new Set(paths).size).to.equal(paths.length)
  })

  it('names a module that can run for each command', async () => {
    for (const command of commands) expect((await command.load()).run, command.path.join(' ')).to.be.a('function')
  })
})
