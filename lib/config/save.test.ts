import { expect } from 'chai'
import { chown, lstat, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { exampleConfig, exampleDefinition } from '../../test/helpers/example-config.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { configFileName } from './definition.ts'
import { saveConfigFields, setConfigField } from './save.ts'

describe('setConfigField and saveConfigFields', () => {
  const cleanups = new Cleanups()
  let example: Awaited<ReturnType<typeof exampleConfig>>

  beforeEach(async () => {
    example = await exampleConfig(cleanups)
  })
  afterEach(() => cleanups.run())

  it('writes the value by the type of its field, readable by its owner only', async () => {
    await setConfigField(exampleDefinition, example.file, 'http_port', '9000')
    await setConfigField(exampleDefinition, example.file, 'name', '9000')
    await setConfigField(exampleDefinition, example.file, 'trusted_proxies', 'a,b')
    expect(await example.stored()).to.deep.equal({ http_port: 9000, name: '9000', trusted_proxies: ['a', 'b'] })
    expect((await stat(example.file)).mode & 0o777).to.equal(0o600)
    expect(await readdir(example.directory)).to.deep.equal([configFileName('master')])
  })

  it('keeps the mode, the owner and the group that a file has', async () => {
    await example.put({ http_port: 1 }, 0o640)
    const isRoot = process.getuid?.() === 0
    if (isRoot) await chown(example.file, 12_345, 12_346)
    const before = await stat(example.file)
    await setConfigField(exampleDefinition, example.file, 'http_port', '2')
    const after = await stat(example.file)
    expect([after.mode & 0o777, after.uid, after.gid]).to.deep.equal([0o640, before.uid, before.gid])
    if (isRoot) expect(after.gid).to.equal(12_346)
    expect(await example.stored()).to.deep.equal({ http_port: 2 })
  })

  it('unsets a field with an empty text and keeps what it does not know', async () => {
    await example.put({ from_the_future: { a: 1 }, name: 'x', http_port: 1 })
    await setConfigField(exampleDefinition, example.file, 'name', '')
    expect(await example.stored()).to.deep.equal({ from_the_future: { a: 1 }, http_port: 1 })
  })

  it('refuses an unknown field and names the nearest', async () => {
    expect((await failureOf(setConfigField(exampleDefinition, example.file, 'http_prot', '1'))).message)
      .to.equal('There is no config field "http_prot" (did you mean "http_port"?)')
    expect((await failureOf(setConfigField(exampleDefinition, example.file, 'toString', '1'))).message).to.include('`master config list`')
  })

  it('changes nothing when the value does not fit or the file is broken', async () => {
    await example.put({ http_port: 1 })
    expect((await failureOf(setConfigField(exampleDefinition, example.file, 'http_port', '-1'))).message).to.include('must be an integer, 0 to 65535')
    expect(await example.stored()).to.deep.equal({ http_port: 1 })
    await example.put('{"http_port"')
    expect(await failureOf(setConfigField(exampleDefinition, example.file, 'http_port', '2'))).to.include({ code: 'invalid_config' })
    expect(await readFile(example.file, 'utf8')).to.equal('{"http_port"')
  })

  it('creates the folder, and writes through a symbolic link', async () => {
    await setConfigField(exampleDefinition, join(example.directory, 'a', 'b', 'config.json'), 'name', 'x')
    await example.put({})
    const link = join(example.directory, 'link.json')
    await symlink(example.file, link)
    await setConfigField(exampleDefinition, link, 'name', 'linked')
    expect((await lstat(link)).isSymbolicLink()).to.equal(true)
    expect(await example.stored()).to.deep.equal({ name: 'linked' })
  })

  it('leaves no temporary file behind when it fails', async () => {
    await example.put({})
    const under = join(example.file, 'config.json')
    expect(await failureOf(setConfigField(exampleDefinition, under, 'name', 'x'))).to.include({ code: 'invalid_config' })
    expect(await readdir(example.directory)).to.deep.equal([configFileName('master')])
  })

  it('saves what a program decides, checked like anything else', async () => {
    await saveConfigFields(exampleDefinition, example.file, { cluster_id: 'abc', http_port: 1 })
    await saveConfigFields(exampleDefinition, example.file, { http_port: undefined })
    expect(await example.stored()).to.deep.equal({ cluster_id: 'abc' })
    expect(await failureOf(saveConfigFields(exampleDefinition, example.file, { http_port: -1 }))).to.include({ code: 'invalid_config' })
  })
})
