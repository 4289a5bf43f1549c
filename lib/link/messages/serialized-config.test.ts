import { expect } from 'chai'
import fc from 'fast-check'
import { decodeConfig, encodeConfig } from './serialized-config.ts'
import type { SerializedConfig } from './config-groups.ts'

const instance = { name: 'instance', fields: { name: 'a b', id: -3, assigned_slave: null } }
const corral = { name: 'corral', fields: { 'template': 'sample', 'variables.x': 'y', 'ports.game': 5_000, 'restart_policy': 'never' } }

const field = fc.constantFrom('a', 'b.c', '__proto', 'template')
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()), fc.dictionary(fc.string(), fc.integer()))
const other = fc.record({ name: fc.constantFrom('factorio', 'research_sync', 'x'), fields: fc.dictionary(field, value) })

function again(config: SerializedConfig): SerializedConfig {
  return encodeConfig(decodeConfig(config))
}

describe('A configuration in groups', () => {
  it('is the same again after it was read and written, in whatever order its groups are', () => {
    fc.assert(fc.property(
      fc.uniqueArray(other, { selector: ({ name }) => name }).chain((others) => fc.shuffledSubarray([instance, corral, ...others], { minLength: others.length + 2 })),
      (groups) => { expect(again({ groups })).to.deep.equal({ groups }) },
    ))
    fc.assert(fc.property(fc.array(field), (names) => {
      const groups = [instance, { name: 'corral', fields: { template: 'sample', ...Object.fromEntries(names.filter((name) => name !== 'template').map((name) => [name, 1])) } }]
      expect(again({ groups })).to.deep.equal({ groups })
    }))
  })

  it('has no group of ours for an instance that another program runs', () => {
    const groups = [instance, { name: 'factorio', fields: { version: 'latest' } }]
    expect(decodeConfig({ groups })).to.include({ template: 'foreign' })
    expect(again({ groups })).to.deep.equal({ groups })
  })

  it('leaves out what is at its default', () => {
    const { groups } = encodeConfig({ id: 1, name: 'a', slave_id: 2, template: 'sample', restart_policy: 'on-failure', console_limit_bytes: 64 * 1024 * 1024, variables: {}, ports: {} })
    expect(groups).to.deep.equal([{ name: 'instance', fields: { name: 'a', id: 1, assigned_slave: 2 } }, { name: 'corral', fields: { template: 'sample' } }])
  })
})
