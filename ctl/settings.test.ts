import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Cleanups } from '../test/helpers/cleanups.ts'
import { failureOf } from '../test/helpers/failure-of.ts'
import { temporaryDirectory } from '../test/helpers/temp-directory.ts'
import { loadSettings } from './settings.ts'

describe('The master that ctl connects to', () => {
  const cleanups = new Cleanups()
  let directory: string
  let env: Record<string, string>

  async function config(file: string, url: string): Promise<string> {
    const path = join(directory, file)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, JSON.stringify({ url, token: `token of ${url}` }), { mode: 0o600 })
    return path
  }

  async function chosen(option?: string): Promise<string> {
    return (await loadSettings({ config: option, env, directory })).url
  }

  beforeEach(async () => {
    directory = await temporaryDirectory(cleanups)
    env = { HOME: join(directory, 'home') }
  })
  afterEach(() => cleanups.run())

  it('is taken from the first source that there is', async () => {
    await config('home/.config/corral/control.json', 'http://home')
    expect(await chosen()).to.equal('http://home')
    await config('config-control.json', 'http://here')
    expect(await chosen()).to.equal('http://here')
    env.CORRAL_URL = 'http://variables'
    env.CORRAL_TOKEN = 'secret'
    expect(await chosen()).to.equal('http://variables')
    env.CORRAL_CONFIG = await config('named.json', 'http://named')
    expect(await chosen()).to.equal('http://named')
    expect(await chosen(await config('option.json', 'http://option'))).to.equal('http://option')
  })

  it('keeps to --config, whatever the environment says', async () => {
    env.CORRAL_CONTROL_URL = 'http://elsewhere'
    expect(await chosen(await config('option.json', 'http://option'))).to.equal('http://option')
  })

  it('does not mix an address from the environment with a token from a file', async () => {
    await config('config-control.json', 'http://here')
    env.CORRAL_URL = 'http://variables'
    const error = await failureOf(chosen())
    expect(error.code).to.equal('invalid_config')
    expect(error.message).to.contain('CORRAL_TOKEN is not')
  })

  it('is asked for clearly when there is no config', async () => {
    const error = await failureOf(chosen())
    expect(error.code).to.equal('invalid_config')
    expect(error.message).to.contain('--config').and.to.contain('CORRAL_URL and CORRAL_TOKEN')
  })

  it('is not looked for elsewhere when the file that was named does not exist', async () => {
    await config('config-control.json', 'http://here')
    const missing = join(directory, 'missing.json')
    expect((await failureOf(chosen(missing))).message).to.contain(`${missing} does not exist`)
  })

  it('names the field that a config file lacks', async () => {
    await writeFile(join(directory, 'config-control.json'), '{ "url": "http://here" }', { mode: 0o600 })
    expect((await failureOf(chosen())).message).to.contain('has no "token"')
  })
})
