import { Type } from '@sinclair/typebox'
import { expect } from 'chai'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { echo, hidden, note, testRegistry } from '../../test/helpers/link-fixtures.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { defineRequest } from './define.ts'
import { answeredOn, HandlerTable } from './handlers.ts'
import type { EndpointHandlers, EventHandlers } from './handlers.ts'
import { Payload } from './payload.ts'

const catalogue = { echo, hidden, note } as const
type Context = { readonly name: string }

const handlers: EndpointHandlers<typeof catalogue, 'master-slave', Context> = {
  echo: ({ n }, { name }) => ({ n: n + 1, extra: name }),
  hidden: async ({ n }) => ({ n }),
}

describe('HandlerTable', () => {
  it('runs the handler with checked data and the context', async () => {
    const table = new HandlerTable<Context>(handlers)
    expect(await table.answer(echo, { data: Payload.ofText('{"n":1}') }, { name: 'me' })).to.deep.equal({ n: 2, extra: 'me' })
  })

  it('refuses data that does not fit before the handler sees it', async () => {
    const table = new HandlerTable<Context>({ echo: () => { throw new Error('was called') } })
    expect(await failureOf(table.answer(echo, { data: Payload.ofValue({ n: 'x' }) }, { name: '' }))).to.include({ code: 'invalid_request' })
    expect(await failureOf(table.answer(echo, { data: Payload.ofText('{') }, { name: '' }))).to.include({ code: 'malformed' })
  })

  it('refuses a request that names somebody else than whom it was passed on to', async () => {
    const table = new HandlerTable<Context>({ routed: () => ({ n: 1 }) })
    const routed = defineRequest({
      type: 'routed', summary: 'For one instance.', routes: ['master-slave'], permission: 'none', forward: 'instance_id',
      request: Type.Object({ instance_id: Type.Integer() }), response: Type.Object({}),
    })
    const data = Payload.ofText('{"instance_id":2}')
    expect(await table.answer(routed, { to: 2, data }, { name: '' })).to.deep.equal({ n: 1 })
    for (const to of [1, undefined]) {
      expect(await failureOf(table.answer(routed, { to, data }, { name: '' }))).to.deep.include({ code: 'invalid_request', details: { field: 'instance_id' } })
    }
  })

  it('says what has no handler, at start-up and when asked', async () => {
    const table = new HandlerTable<Context>({ echo: handlers.echo })
    expect(() => table.expectComplete(testRegistry().requestsOn('master-slave'))).to.throw(ClusterError, 'No handler for hidden')
    expect(await failureOf(table.answer(hidden, { data: Payload.ofValue({ n: 1 }) }, { name: '' }))).to.include({ code: 'unknown_type' })
    new HandlerTable<Context>(handlers).expectComplete(testRegistry().requestsOn('master-slave'))
  })

  it('takes and gives back handlers while it runs, one for a type', async () => {
    const table = new HandlerTable<Context>({})
    const remove = table.add('hidden', () => ({ n: 7 }))
    expect(() => table.add('hidden', () => ({}))).to.throw(ClusterError).with.property('code', 'conflict')
    expect(await table.answer(hidden, { data: Payload.ofValue({ n: 1 }) }, { name: '' })).to.deep.equal({ n: 7 })
    remove()
    expect(await failureOf(table.answer(hidden, { data: Payload.ofValue({ n: 1 }) }, { name: '' }))).to.include({ code: 'unknown_type' })
  })

  it('hands over events that fit and refuses others', () => {
    const seen: number[] = []
    const events: EventHandlers<typeof catalogue, 'master-control', Context> = { note: ({ n }) => seen.push(n) }
    const table = new HandlerTable<Context>(events)
    table.accept(note, Payload.ofValue({ n: 3 }), { name: '' })
    expect(() => table.accept(note, Payload.ofValue({}), { name: '' })).to.throw(ClusterError, '"n" is missing')
    expect(seen).to.deep.equal([3])
  })
})

describe('answeredOn', () => {
  it('leaves out what is passed on', () => {
    const registry = testRegistry()
    registry.add({ ...echo, type: 'forwarded', forward: 'instance_id' })
    expect(answeredOn(registry, 'control-master').map(({ type }) => type)).to.deep.equal(['echo', 'hidden'])
  })
})
