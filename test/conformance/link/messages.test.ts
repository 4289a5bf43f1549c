import { expect } from 'chai'
import { eventually } from '../../helpers/eventually.ts'
import { failureOf } from '../../helpers/failure-of.ts'
import { echo, hidden, note, pulse } from '../../helpers/link-fixtures.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { Stub } from './stub.ts'

describe('Requests and events of the base dialect', () => {
  const stub = Stub.forSuite()

  it('answers with the request\'s seq and exactly the response\'s properties', async () => {
    const one = await stub.control()
    one.say('{"seq":77,"type":"echo_request","data":{"n":5}}')
    expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":77,"n":5}}')
    one.say('{"seq":1,"type":"echo_request","data":{"n":6}}')
    expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":1,"n":6}}')
  })

  it('leaves out of answers, requests and events what the dialect does not have', async () => {
    const rich = await stub.masterWith({ owner: { answer: async () => ({ n: 1, extra: 'ours alone' }), accept: () => {} } })
    const one = await stub.slave(rich)
    one.say('{"seq":2,"type":"echo_request","data":{"n":5}}')
    expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
    const answer = rich.link.send(echo, { n: 2, extra: 'ours alone' }, { key: 'k' })
    expect(await one.hear()).to.equal('{"seq":4,"type":"echo_request","data":{"n":2}}')
    one.say('{"seq":3,"type":"echo_response","data":{"seq":4,"n":3}}')
    expect(await answer).to.deep.equal({ n: 3 })
    rich.link.emit(note, { n: 4 })
    expect(await one.hear()).to.equal('{"seq":5,"type":"note_event","data":{"n":4}}')
    rich.link.emit(pulse, { n: 5 })
    expect(await one.hear()).to.equal('{"seq":6,"type":"pulse_event","data":{"n":5}}')
    expect(await failureOf(rich.link.send(hidden, { n: 6 }))).to.include({ code: 'unknown_type' })
    rich.link.emit({ ...note, base: undefined }, { n: 7 })
  })

  it('answers in the order in which the work is done', async () => {
    const open: Array<(data: unknown) => void> = []
    const slow = await stub.masterWith({ owner: { answer: () => new Promise((resolve) => { open.push(resolve) }), accept: () => {} } })
    const one = await stub.control(slow)
    one.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
    one.say('{"seq":3,"type":"echo_request","data":{"n":2}}')
    await eventually(() => expect(open).to.have.length(2))
    open[1]?.({ n: 2 })
    expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":3,"n":2}}')
    open[0]?.({ n: 1 })
    expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":2,"n":1}}')
  })

  it('tells an error as exactly seq and error, word for word', async () => {
    const failing = await stub.masterWith({
      owner: { answer: () => Promise.reject(new ClusterError('not_found', 'Instance with ID 7 does not exist', { details: { id: 7 } })), accept: () => {} },
    })
    const one = await stub.control(failing)
    one.say('{"seq":2,"type":"echo_request","data":{"n":7}}')
    expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"error":"Instance with ID 7 does not exist"}}')
  })

  it('takes a peer\'s error as the answer, and events without an answer', async () => {
    const one = await stub.slave()
    const failure = failureOf(stub.master.link.send(echo, { n: 1 }))
    expect(await one.hear()).to.equal('{"seq":3,"type":"echo_request","data":{"n":1}}')
    one.say('{"seq":2,"type":"echo_response","data":{"seq":3,"error":"No such thing"}}')
    expect((await failure).message).to.equal('No such thing')
    one.say('{"seq":3,"type":"note_event","data":{"n":9}}')
    one.say('{"seq":4,"type":"echo_request","data":{"n":1}}')
    expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":4,"n":1}}')
    expect(stub.master.owner.events).to.deep.equal([['note', 9]])
  })

  it('ignores an answer that comes after the deadline', async () => {
    const one = await stub.slave()
    expect(await failureOf(stub.master.link.send(echo, { n: 1 }, { deadlineMs: 10 }))).to.include({ code: 'deadline' })
    await one.hear()
    one.say('{"seq":2,"type":"echo_response","data":{"seq":3,"n":1}}')
    one.say('{"seq":3,"type":"echo_request","data":{"n":1}}')
    expect(await one.hear()).to.equal('{"seq":4,"type":"echo_response","data":{"seq":3,"n":1}}')
  })
})
