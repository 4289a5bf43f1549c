import { expect } from 'chai'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { packageRoot } from '../package-root.ts'
import { callHint, configHint } from './call-hint.ts'

describe('callHint', () => {
  const cleanups = new Cleanups()
  let directory: string
  let bin: string
  before(async () => {
    directory = await temporaryDirectory(cleanups)
    bin = join(directory, 'node_modules', '.bin')
    await mkdir(bin, { recursive: true })
    for (const program of ['master', 'slave']) await writeFile(join(bin, program), '')
  })
  after(() => cleanups.run())

  const hint = (script: string, env: Record<string, string> = {}): string => callHint('slave', { script, env, directory })
  const byPath = `node ${join(packageRoot, 'bin', 'slave.js')}`

  it('names the file when the program was called by its file', () => {
    expect(hint(join(packageRoot, 'bin', 'master.js'), { npm_command: 'exec', npm_config_local_prefix: directory })).to.equal(byPath)
  })

  it('goes by npx when npx called, and finds the program from here', () => {
    const env = { npm_command: 'exec', npm_config_local_prefix: directory }
    expect(hint(join(bin, 'master'), env)).to.equal('npx --no slave')
    expect(callHint('slave', { script: join(bin, 'master'), env, directory: join(directory, 'sub') })).to.equal('npx --no slave')
    expect(callHint('slave', { script: join(bin, 'master'), env, directory: '/' })).to.equal(join(bin, 'slave'))
  })

  it('is the bare name when the programs are on PATH, else the one beside the caller', () => {
    expect(hint(join(bin, 'master'), { PATH: `/usr/bin:${bin}` })).to.equal('slave')
    expect(hint(join(bin, 'master'), { PATH: '/usr/bin' })).to.equal(join(bin, 'slave'))
    expect(hint(join(directory, 'corral-master'), { PATH: directory }), 'a link of another name').to.equal(byPath)
  })
})

describe('configHint', () => {
  it('names a file unless it is the usual one, quoted for the shell', () => {
    expect(configHint('./config-master.json', 'config-master.json')).to.equal('')
    expect(configHint('etc/m.json', 'config-master.json')).to.equal(' --config etc/m.json')
    expect(configHint('it\'s mine.json', 'config-master.json')).to.equal(' --config \'it\'\\\'\'s mine.json\'')
  })
})
