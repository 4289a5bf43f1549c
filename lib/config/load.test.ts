import { expect } from 'chai'
import { stat } from 'node:fs/promises'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { exampleConfig, exampleDefinition } from '../../test/helpers/example-config.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { loadConfig } from './load.ts'

describe('loadConfig', () => {
  const cleanups = new Cleanups()
  let example: Awaited<ReturnType<typeof exampleConfig>>

  beforeEach(async () => {
    example = await exampleConfig(cleanups)
  })
  afterEach(() => cleanups.run())

  it('gives every default when there is no file', async () => {
    const { values, sources, warnings } = await example.load()
    expect(values).to.deep.equal({
      http_port: 8080,
      name: undefined,
      log_level: 'info',
      'limits.max_frame_bytes': 1_048_576,
      'concierge.enabled': false,
      trusted_proxies: [],
      roots: [{ path: '/srv' }],
      bootstrap_token: undefined,
      cluster_id: undefined,
    })
    expect(new Set(Object.values(sources))).to.deep.equal(new Set(['default']))
    expect(warnings).to.deep.equal([])
  })

  it('infers the static types of the values', async () => {
    const { values } = await example.load()
    const port: number = values.http_port
    const level: 'error' | 'warn' | 'info' = values.log_level
    const path: string | undefined = values.roots[0]?.path
    // @ts-expect-error a field without a default may be undefined
    const name: string = values.name
    expect([port, level, path, name]).to.deep.equal([8080, 'info', '/srv', undefined])
  })

  it('lets the environment beat the file and the file beat the default', async () => {
    await example.put({ http_port: 1, name: 'alpha' })
    const { values, sources } = await example.load({ CORRAL_MASTER_HTTP_PORT: '2', CORRAL_MASTER_LIMITS_MAX_FRAME_BYTES: '4096' })
    expect(values).to.include({ http_port: 2, name: 'alpha', 'limits.max_frame_bytes': 4096 })
    expect(sources).to.include({ http_port: 'environment', name: 'file', log_level: 'default' })
  })

  it('reads lists, booleans and JSON from the environment', async () => {
    const { values } = await example.load({
      CORRAL_MASTER_TRUSTED_PROXIES: '10.0.0.1, 10.0.0.2,',
      CORRAL_MASTER_CONCIERGE_ENABLED: '1',
      CORRAL_MASTER_ROOTS: '[{"path":"/a","quota":1}]',
    })
    expect(values.trusted_proxies).to.deep.equal(['10.0.0.1', '10.0.0.2'])
    expect(values['concierge.enabled']).to.equal(true)
    expect(values.roots).to.deep.equal([{ path: '/a', quota: 1 }])
    expect((await example.load({ CORRAL_MASTER_TRUSTED_PROXIES: '["a,b"]' })).values.trusted_proxies).to.deep.equal(['a,b'])
  })

  it('takes null in the file and an empty variable as not set', async () => {
    await example.put({ http_port: null })
    const { sources } = await example.load({ CORRAL_MASTER_NAME: '' })
    expect(sources).to.include({ http_port: 'default', name: 'default' })
  })

  it('freezes values to the bottom and leaves the defaults alone', async () => {
    const { values } = await example.load()
    expect(Object.isFrozen(values) && Object.isFrozen(values.roots) && Object.isFrozen(values.roots[0])).to.equal(true)
    expect(Object.isFrozen(exampleDefinition.fields.roots.default)).to.equal(false)
  })

  it('names file, line and column of broken JSON', async () => {
    await example.put('{\n  "http_port": 80,\n  "name" "x"\n}\n')
    const error = await failureOf(example.load())
    expect(error).to.include({ code: 'invalid_config' })
    expect(error.message).to.include(example.file).and.include('line 3, column 10')
    expect(error.details).to.include({ file: example.file, line: 3, column: 10 })
  })

  it('says that an empty or cut file ends too early', async () => {
    for (const text of ['', '{"http_port": ']) {
      await example.put(text)
      expect((await failureOf(example.load())).message).to.include('ends before its JSON does')
    }
  })

  it('refuses a file that is no object, too deep, too large or a folder', async () => {
    for (const text of ['[]', '7', 'null', '['.repeat(100) + ']'.repeat(100), `{"name": "${'x'.repeat(1024 * 1024)}"}`]) {
      await example.put(text)
      expect(await failureOf(example.load())).to.include({ code: 'invalid_config' })
    }
    expect(await failureOf(loadConfig(exampleDefinition, { file: example.directory, env: {} }))).to.include({ code: 'invalid_config' })
  })

  it('names file, field and what was expected of a value that does not fit', async () => {
    await example.put({ http_port: 'abc' })
    const error = await failureOf(example.load())
    expect(error.message).to.equal(
      `In ${example.file}, "http_port" must be an integer, 0 to 65535, not "abc"; correct it with \`master config set http_port VALUE\``,
    )
    for (const wrong of [{ http_port: 65536 }, { http_port: 1.5 }, { name: 7 }, { log_level: 'loud' }, { 'concierge.enabled': 'true' },
      { trusted_proxies: 'a' }, { trusted_proxies: [1] }, { roots: [{}] }, { bootstrap_token: {} }]) {
      await example.put(wrong)
      expect((await failureOf(example.load())).details, JSON.stringify(wrong)).to.include({ file: example.file, field: Object.keys(wrong)[0] })
    }
  })

  it('names the place inside a JSON field', async () => {
    await example.put({ roots: [{ path: 7 }] })
    expect((await failureOf(example.load())).message).to.include('0.path')
  })

  it('names the variable that does not fit, without its text when it is a secret', async () => {
    expect((await failureOf(example.load({ CORRAL_MASTER_HTTP_PORT: '80a' }))).message)
      .to.include('CORRAL_MASTER_HTTP_PORT must be an integer, 0 to 65535, not "80a"')
    expect(await failureOf(example.load({ CORRAL_MASTER_CONCIERGE_ENABLED: 'yes' }))).to.include({ code: 'invalid_config' })
    await example.put({ bootstrap_token: ['hunter2'] })
    expect((await failureOf(example.load())).message).not.to.include('hunter2')
  })

  it('warns of unknown fields and variables and names the nearest', async () => {
    await example.put({ http_prot: 1, colour: 2, constructor: 3 })
    const { warnings, values } = await example.load({ CORRAL_MASTER_HTP_PORT: '1', CORRAL_SLAVE_X: '1' })
    expect(warnings).to.deep.equal([
      `In ${example.file}, "http_prot" is not a field and is ignored (did you mean "http_port"?)`,
      `In ${example.file}, "colour" is not a field and is ignored`,
      `In ${example.file}, "constructor" is not a field and is ignored`,
      'Environment variable CORRAL_MASTER_HTP_PORT is not a field and is ignored (did you mean "CORRAL_MASTER_HTTP_PORT"?)',
    ])
    expect(values.http_port).to.equal(8080)
  })

  it('leaves the permissions of the file alone, and warns of one that all may read or change', async () => {
    for (const [mode, warned] of [[0o644, 'can read it (0644)'], [0o602, 'can change it (0602)'], [0o666, 'can read and change it (0666)']] as const) {
      await example.put({}, mode)
      const { warnings } = await example.load()
      expect(warnings).to.have.lengthOf(1)
      expect(warnings[0]).to.include(warned).and.include(`\`chmod o-rwx ${example.file}\``)
      expect((await stat(example.file)).mode & 0o777).to.equal(mode)
    }
  })

  it('has nothing against a file that is shared with a group', async () => {
    await example.put({}, 0o660)
    expect((await example.load()).warnings).to.deep.equal([])
    expect((await stat(example.file)).mode & 0o777).to.equal(0o660)
  })
})
