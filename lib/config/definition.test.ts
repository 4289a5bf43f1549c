import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { exampleConfig, exampleDefinition } from '../../test/helpers/example-config.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { defineConfig } from './definition.ts'
import { durationField, integerField, stringField } from './fields.ts'
import { loadConfig, sectionValues } from './load.ts'
import { linkFields } from './link-fields.ts'
import { configReference } from './reference.ts'

describe('ConfigDefinition', () => {
  const cleanups = new Cleanups()
  let example: Awaited<ReturnType<typeof exampleConfig>>

  beforeEach(async () => {
    example = await exampleConfig(cleanups)
  })
  afterEach(() => cleanups.run())

  describe('extend', () => {
    const fields = { motd: stringField({ default: 'hello', description: 'Greeting.' }) }
    const extended = exampleDefinition.extend('turn-table', fields)

    it('adds fields under a prefix, typed, without changing the definition', async () => {
      await example.put({ 'turn-table.motd': 'hi' })
      const config = await loadConfig(extended, { file: example.file, env: {} })
      const motd: string = config.values['turn-table.motd']
      expect(motd).to.equal('hi')
      expect(config.values.http_port).to.equal(8080)
      expect(sectionValues(config, 'turn-table', fields)).to.deep.equal({ motd: 'hi' })
      expect((await example.load()).warnings).to.have.lengthOf(1)
    })

    it('gives the added fields variables of their own', async () => {
      const { values } = await loadConfig(extended, { file: example.file, env: { CORRAL_MASTER_TURN_TABLE_MOTD: 'env' } })
      expect(values['turn-table.motd']).to.equal('env')
    })

    it('refuses fields that clash', () => {
      expect(() => extended.extend('turn-table', fields)).to.throw(ClusterError, 'declared twice')
      expect(() => extended.extend('turn_table', fields)).to.throw(ClusterError, 'would share CORRAL_MASTER_TURN_TABLE_MOTD')
      expect(() => exampleDefinition.extend('X', fields)).to.throw(ClusterError, 'cannot be the name')
    })
  })

  it('refuses a default that does not fit its own field', () => {
    const fields = { port: integerField({ default: -1, minimum: 0, description: 'Port.' }) }
    expect(() => defineConfig({ program: 'slave', fields })).to.throw(ClusterError, 'default of config field "port"')
  })

  it('refuses a time that no timer can wait: it would be over at once', () => {
    const field = durationField({ default: 5_000, minimum: 10, description: 'A wait.' })
    for (const each of [field, linkFields['link.heartbeat_ms'], linkFields['link.resume_window_ms']]) {
      expect(each.problem(2 ** 31 - 1)).to.equal(undefined)
      expect(each.problem(2 ** 31)).to.include('to 2147483647')
    }
  })

  it('writes the reference as a Markdown table without internal fields', () => {
    const lines = configReference(exampleDefinition).trimEnd().split('\n')
    expect(lines.slice(0, 3)).to.deep.equal([
      '| Field | Type | Default | Environment | Meaning |',
      '| --- | --- | --- | --- | --- |',
      '| `http_port` | integer, 0 to 65535 | `8080` | `CORRAL_MASTER_HTTP_PORT` | Port of the HTTP server. |',
    ])
    expect(lines).to.include('| `log_level` | `error`, `warn`, `info` | `info` | `CORRAL_MASTER_LOG_LEVEL` | Least severe level \\| that is logged. |')
    expect(lines.join('\n')).not.to.include('cluster_id')
    expect(lines).to.have.lengthOf(2 + 8)
  })
})
