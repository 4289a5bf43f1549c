import { expect } from 'chai'
import { HandlerTable } from '../../lib/link/handlers.ts'
import { Payload } from '../../lib/link/payload.ts'
import { Registry } from '../../lib/link/registry.ts'
import { fits } from '../../lib/link/validate.ts'
import { answerForMissingPlugins, defaultReplies, FixedReplies } from './fixed-replies.ts'

async function reply(replies: FixedReplies, type: string, data: object): Promise<unknown> {
  const registry = new Registry()
  const handlers = new HandlerTable<null>({})
  answerForMissingPlugins(replies, registry, handlers)
  const definition = registry.request(type, 'slave-master')
  return definition && handlers.answer(definition, { data: Payload.ofValue(data) }, null)
}

describe('Fixed replies to plugins that the master lacks', () => {
  it('are the configured data, with fields of the request where it says so', async () => {
    const replies = { 'p:ask': { list: [1], echoed: '{request.given}', missing: '{request.not_there}', text: 'no {request.given}' } }
    expect(await reply(replies, 'p:ask', { given: { a: 1 }, more: 2 })).to.deep.equal({ list: [1], echoed: { a: 1 }, missing: null, text: 'no {request.given}' })
    expect(await reply(replies, 'p:other', {})).to.equal(undefined)
  })

  it('take nothing from a prototype', async () => {
    expect(await reply({ 'p:ask': { a: '{request.constructor}' } }, 'p:ask', {})).to.deep.equal({ a: null })
  })

  it('are for messages of plugins alone, and cannot stand for an answer\'s own fields', () => {
    expect(fits(FixedReplies, defaultReplies)).to.equal(true)
    for (const bad of [{ start_instance: {} }, { 'p:ask': { seq: 1 } }, { 'p:ask': { error: 'x' } }, { 'p:ask': [] }, { ':ask': {} }]) {
      expect(fits(FixedReplies, bad), JSON.stringify(bad)).to.equal(false)
    }
  })

  it('leave a plugin that is there to answer for itself', () => {
    const registry = new Registry()
    const handlers = new HandlerTable<null>({})
    answerForMissingPlugins({ 'p:ask': {} }, registry, handlers)
    expect(() => answerForMissingPlugins({ 'p:ask': {} }, registry, handlers)).not.to.throw()
  })
})
