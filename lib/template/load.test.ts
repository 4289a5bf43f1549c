import { expect } from 'chai'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { findProgram } from './find-program.ts'
import { loadTemplates } from './load.ts'
import { parseTemplate } from './parse.ts'

const template = (id: string, name = 'Game', program = 'command: game') =>
  `id: ${id}\nname: ${name}\nprogram: { ${program} }\nstop: { signal: SIGINT }\nconsole: { input: none }\n`

describe('loadTemplates', () => {
  let base: string
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'corral-templates-'))
    await mkdir(join(base, 'ours'))
    await mkdir(join(base, 'theirs'))
  })
  afterEach(() => rm(base, { recursive: true, force: true }))

  const load = () => loadTemplates([join(base, 'ours'), join(base, 'theirs')])

  it('lets a later folder override an earlier one by id', async () => {
    await writeFile(join(base, 'ours/a.yaml'), template('one', 'Ours'))
    await writeFile(join(base, 'ours/b.yml'), template('two'))
    await writeFile(join(base, 'theirs/z.yaml'), template('one', 'Theirs'))
    const { templates, problems } = await load()
    expect(problems).to.deep.equal([])
    expect([...templates.values()].map(({ id, name }) => `${id} ${name}`)).to.have.members(['one Theirs', 'two Game'])
  })

  it('reports broken files and goes on with the others', async () => {
    await writeFile(join(base, 'ours/a.yaml'), 'id: [')
    await writeFile(join(base, 'ours/b.yaml'), template('good'))
    await mkdir(join(base, 'ours/c.yaml'))
    await writeFile(join(base, 'ours/notes.txt'), 'not a template')
    const { templates, problems } = await load()
    expect([...templates.keys()]).to.deep.equal(['good'])
    expect(problems.map(({ code }) => code)).to.deep.equal(['invalid_template', 'invalid_template'])
    expect(problems[0]?.message).to.include('ours/a.yaml:1:')
  })

  it('reports the same id twice in a folder, and a folder that is not there', async () => {
    await writeFile(join(base, 'ours/a.yaml'), template('one'))
    await writeFile(join(base, 'ours/b.yaml'), template('one'))
    await rm(join(base, 'theirs'), { recursive: true })
    const { problems } = await load()
    expect(problems.map(({ message }) => message).join('\n')).to.match(/b\.yaml: id "one" is taken by .*a\.yaml\n.*theirs cannot be read/)
  })

  it('does not let a broken override fall back in silence', async () => {
    await writeFile(join(base, 'ours/a.yaml'), template('one'))
    await writeFile(join(base, 'theirs/a.yaml'), `${template('one')}x: 1\n`)
    expect((await load()).problems).to.have.length(1)
  })
})

describe('findProgram', () => {
  let folder: string
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'corral-program-')) })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const parse = (program: string) => parseTemplate(template('game', 'Game', program), 'game.yaml')
  const install = async (name: string, mode = 0o755): Promise<string> => {
    await mkdir(join(folder, 'bin'), { recursive: true })
    await writeFile(join(folder, 'bin', name), '#!/bin/sh\n')
    await chmod(join(folder, 'bin', name), mode)
    return join(folder, 'bin', name)
  }

  it('finds a program in the PATH and in the template\'s folders', async () => {
    const file = await install('corral-test-game')
    expect(await findProgram(parse('command: corral-test-game'), `/nowhere:${folder}/bin`)).to.equal(file)
    expect(await findProgram(parse(`command: corral-test-game, search: ['${folder}/bin']`), '')).to.equal(file)
    expect(await findProgram(parse(`command: ${file}`), '')).to.equal(file)
  })

  it('knows the Node that Corral runs on', async () => {
    expect(await findProgram(parse('command: \'{node}\''), '')).to.equal(process.execPath)
  })

  it('says how to install a program that is not there', async () => {
    const error = await failureOf(findProgram(parse('command: corral-test-game, install: { debian: apt-get install game, any: ask }'), folder))
    expect(error.code).to.equal('program_missing')
    expect(error.message).to.equal('The program "corral-test-game" of template "game" was not found on this host; install it: on Debian: apt-get install game; or ask')
  })

  it('takes neither directories nor files that cannot be executed nor relative folders', async () => {
    await install('corral-test-game', 0o644)
    await mkdir(join(folder, 'corral-test-game'))
    expect((await failureOf(findProgram(parse('command: corral-test-game'), `${folder}/bin:${folder}:.`))).code).to.equal('program_missing')
  })
})
