import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { exampleConfig, exampleDefinition } from '../../test/helpers/example-config.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { configRow, configRows } from './rows.ts'
import { setConfigField } from './save.ts'

describe('configRows', () => {
  const cleanups = new Cleanups()
  let example: Awaited<ReturnType<typeof exampleConfig>>

  beforeEach(async () => {
    example = await exampleConfig(cleanups)
  })
  afterEach(() => cleanups.run())

  it('lists values as a person would type them, secrets masked, internal fields left out', async () => {
    await example.put({ bootstrap_token: 'hunter2', trusted_proxies: ['a', 'b'] })
    const rows = configRows(exampleDefinition, await example.load())
    expect(rows.map(({ field }) => field)).not.to.include('cluster_id')
    expect(rows.find(({ field }) => field === 'bootstrap_token')).to.include({ value: '******', source: 'file', default: '' })
    expect(rows.find(({ field }) => field === 'trusted_proxies')).to.include({ value: 'a,b', default: '[]' })
    expect(rows.find(({ field }) => field === 'name')).to.include({ value: '', source: 'default' })
    expect(JSON.stringify(rows)).not.to.include('hunter2')
  })

  it('shows values that can be set again as they are shown', async () => {
    for (const list of [[], ['a,b'], [' a'], ['[x'], [''], ['a', 'b']]) {
      await example.put({ trusted_proxies: list })
      const { value } = configRow(exampleDefinition, await example.load(), 'trusted_proxies')
      await setConfigField(exampleDefinition, example.file, 'trusted_proxies', value)
      expect((await example.load()).values.trusted_proxies).to.deep.equal(list)
    }
  })

  it('names the nearest field when asked for an unknown one', async () => {
    const config = await example.load()
    expect(() => configRow(exampleDefinition, config, 'nam')).to.throw(ClusterError, 'did you mean "name"?')
  })
})
