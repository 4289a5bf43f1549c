import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { parseTemplate } from './parse.ts'
import { renderLaunch, sayCommand } from './render.ts'
import { resolveVariables } from './variables.ts'

const text = `id: game
name: Game
program: { command: game, needs: [] }
args:
  - --port
  - '{port.game}'
  - { when: map, args: [--map, '{var.map}'] }
  - { exists: save.zip, args: [--load, '{dir}/save.zip'] }
env: { TITLE: '{var.title}', BIND: '{bind}' }
cwd: work
variables:
  title: { type: string, default: '{instance.name}' }
  map: { type: string, default: '' }
  slots: { type: integer, default: 4 }
  folder: { type: string, default: conf }
ports: { game: { protocol: tcp } }
files:
  - { path: '{var.folder}/a.cfg', kind: whole, content: 'title {var.title}' }
  - { path: b.json, kind: json, set: { slots: '{var.slots}', list: ['{port.game}', 'p{port.game}'], on: true } }
prepare:
  - { args: [--create], unless: save.zip }
stop: { command: quit }
console: { input: stdin, say: 'say "{text|escaped}"' }
`
const template = parseTemplate(text, 'game.yaml')

describe('renderLaunch', () => {
  let dataDirectory: string
  beforeEach(async () => { dataDirectory = await mkdtemp(join(tmpdir(), 'corral-render-')) })
  afterEach(() => rm(dataDirectory, { recursive: true, force: true }))

  const render = (given: Record<string, unknown> = {}, of = template) => renderLaunch(of, {
    instance: { id: 1, name: 'arena' }, variables: resolveVariables(of, given), ports: { game: 4000 }, program: '/opt/game', dataDirectory,
  })

  it('fills in arguments, environment, files and preparation', () => {
    const launch = render()
    expect(launch).to.deep.equal({
      argv: ['/opt/game', '--port', '4000'],
      env: { TITLE: 'arena', BIND: '0.0.0.0' },
      cwd: join(dataDirectory, 'work'),
      files: [
        { path: 'work', kind: 'directory' },
        { path: 'conf/a.cfg', kind: 'whole', once: false, content: 'title arena' },
        { path: 'b.json', kind: 'json', once: false, set: { slots: 4, list: [4000, 'p4000'], on: true } },
      ],
      prepare: [{ argv: ['/opt/game', '--create'], unless: join(dataDirectory, 'save.zip'), deadlineMs: 300_000 }],
    })
  })

  it('takes arguments along whose variable is set or whose file exists', async () => {
    await writeFile(join(dataDirectory, 'save.zip'), '')
    expect(render({ map: 'dm1' }).argv.slice(3)).to.deep.equal(['--map', 'dm1', '--load', `${dataDirectory}/save.zip`])
  })

  it('takes braces in a value for what they are', () => {
    expect(render({ title: '{instance.id} {dir}' }).env.TITLE).to.equal('{instance.id} {dir}')
  })

  it('refuses a value that makes a path leave the directory', () => {
    expect(() => render({ folder: '../..' })).to.throw(ClusterError, 'outside the instance\'s directory')
  })

  it('quotes values in a shell command', () => {
    const shell = parseTemplate(text.replace(/args:[\s\S]*?env:/, 'shell: exec "$0" --title {var.title}\nenv:'), 'game.yaml')
    expect(render({ title: '$(id) \'x' }, shell).argv)
      .to.deep.equal(['/bin/sh', '-c', `exec "$0" --title '$(id) '\\''x'`, '/opt/game'])
  })

  it('says what a needed file is and how to get it', () => {
    const needy = parseTemplate(text.replace('needs: []', 'needs: [{ path: a.jar, hint: download it }]'), 'game.yaml')
    expect(() => render({}, needy)).to.throw(ClusterError, `needs ${dataDirectory}/a.jar, which is not there; download it`)
      .with.property('code', 'program_missing')
  })
})

describe('sayCommand', () => {
  it('makes a console command of a text, always one', () => {
    expect(sayCommand(template, 'hi "there"\nquit')).to.equal(String.raw`say "hi \"there\" quit"`)
  })

  it('is undefined for a game that has none', () => {
    expect(sayCommand({ ...template, console: { input: 'none', line_gap_ms: 0 } }, 'x')).to.equal(undefined)
  })
})
