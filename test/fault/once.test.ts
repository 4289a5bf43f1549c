import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { createInstance, deleteInstance, listInstances, startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'

describe('a request that is sent again with its idempotency key', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  it('is done once, however often and from wherever it comes', async () => {
    const control = await cluster.link()
    const request = { name: 'one', template: 'sample' }
    const [first, second] = await Promise.all([1, 2].map(() => control.send(createInstance, request, { key: 'create-1' })))
    expect(second?.instance?.id).to.equal(first?.instance?.id)
    const other = await cluster.link()
    expect((await other.send(createInstance, request, { key: 'create-1' })).instance?.id).to.equal(first?.instance?.id)
    expect((await cluster.api(listInstances, {})).list).to.have.length(1)

    const id = first?.instance?.id ?? 0
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const line = { instance_id: id, command: 'echo only-once' }
    await Promise.all([control.send(sendRcon, line, { key: 'send-1' }), other.send(sendRcon, line, { key: 'send-1' })])
    await control.send(sendRcon, line, { key: 'send-1' })
    await control.send(sendRcon, { instance_id: id, command: 'echo the end' }, { key: 'send-2' })
    const text = await cluster.untilConsole(id, 'the end')
    expect(text.match(/only-once/g)).to.have.length(1)
    const mixed = await failureOf(control.send(sendRcon, { instance_id: id, command: 'echo else' }, { key: 'send-1' }))
    expect(mixed.code).to.equal('conflict')
  })

  it('is done once without a key too, where twice would be an error: a deletion', async () => {
    const { id } = await cluster.create('short-lived')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => cluster.api(deleteInstance, { instance_id: id })
      .then(() => 'done', (error: unknown) => (error as { code: string }).code)))
    expect(outcomes).to.include('done')
    expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'not_found')).to.deep.equal([])
    expect((await cluster.api(listInstances, {})).list.map(({ name }) => name)).to.not.include('short-lived')
  })
})
