import { expect } from 'chai'
import { echo, hidden, note, testRegistry } from '../../test/helpers/link-fixtures.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { messages } from './messages/index.ts'
import { Registry } from './registry.ts'

describe('Registry', () => {
  it('finds a definition on its routes only', () => {
    const registry = testRegistry()
    expect(registry.request('echo', 'control-master')).to.equal(echo)
    expect(registry.request('echo', 'master-control')).to.equal(undefined)
    expect(registry.event('note', 'master-control')).to.equal(note)
    expect(registry.event('note', 'control-master')).to.equal(undefined)
  })

  it('keeps requests and events apart and knows no inherited names', () => {
    const registry = testRegistry()
    expect(registry.event('echo', 'slave-master')).to.equal(undefined)
    expect(registry.request('note', 'slave-master')).to.equal(undefined)
    for (const name of ['toString', '__proto__', 'constructor']) expect(registry.request(name, 'control-master')).to.equal(undefined)
  })

  it('lists what travels a route', () => {
    const registry = testRegistry()
    expect(registry.requestsOn('control-master')).to.deep.equal([echo, hidden])
  })

  it('refuses a type that is taken until it is removed', () => {
    const registry = testRegistry()
    expect(() => registry.add(echo)).to.throw(ClusterError, 'echo is defined twice').with.property('code', 'conflict')
    const another = { ...echo, type: 'plugin:echo' }
    const remove = registry.add(another)
    remove()
    expect(registry.request('plugin:echo', 'control-master')).to.equal(undefined)
    registry.add(another)
    expect(registry.request('plugin:echo', 'control-master')).to.equal(another)
  })

  it('says of a request that there is not what became of its plugin, where somebody knows', () => {
    const registry = testRegistry()
    registry.explainPlugins((plugin) => plugin === 'away' ? 'The plugin away is away' : undefined)
    const message = (type: string): string => registry.missing(type, 'here').message
    expect(registry.missing('away:go', 'here')).to.include({ code: 'unknown_type', message: 'The plugin away is away' })
    for (const type of ['other:go', 'away', ':', '']) expect(message(type)).to.equal(`There is no request ${type} here`)
  })

  it('marks every request of the cluster that changes something, and none that only reads', () => {
    const registry = new Registry(Object.values(messages))
    const requests = (['control-master', 'master-slave'] as const).flatMap((route) => registry.requestsOn(route))
    const reading = requests.filter(({ isMutating }) => !isMutating).map(({ type }) => type)
    expect(reading.filter((type) => !/^(get|list|read|set_\w+_subscriptions?)(_|$)/.test(type))).to.deep.equal([])
    for (const { type, permission, isMutating } of requests) if (permission.endsWith('.read')) expect(isMutating, type).to.equal(undefined)
  })
})
