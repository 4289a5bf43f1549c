import { expect } from 'chai'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import {
  instanceOutput, instanceOutputCut, listRuns, readConsole, sendRcon, setInstanceOutputSubscriptions,
} from '../../lib/link/messages/console.ts'
import { restartInstance, startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import type { Control } from '../helpers/control.ts'
import { eventually } from '../helpers/eventually.ts'
import { failureOf } from '../helpers/failure-of.ts'

describe('consoles of a running cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  async function started(name: string): Promise<number> {
    const { id } = await cluster.create(name)
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return id
  }

  async function follow(...ids: number[]): Promise<Control> {
    const control = await cluster.link()
    await control.send(setInstanceOutputSubscriptions, { instance_ids: ids })
    return control
  }

  const textOf = (control: Control, id: number): string => Buffer.concat(control.output(id).map(({ bytes }) => bytes)).toString()

  /** What a control has of a run: the events in order, with what they left out read by offset. */
  async function assembled(control: Control, id: number, run: number, until: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    let position = 0
    const fill = async (end: number): Promise<void> => {
      while (position < end) {
        const { chunk } = await control.send(readConsole, { instance_id: id, run, from: position, max_bytes: Math.min(end - position, 1_048_576) })
        expect(chunk.offset).to.equal(position)
        const bytes = decodeBytes(chunk)
        pieces.push(bytes)
        position += bytes.length
      }
    }
    for (const { offset, bytes, run: number } of control.output(id)) {
      if (number !== run) continue
      expect(offset, 'nothing is repeated').to.be.at.least(position)
      await fill(offset)
      pieces.push(bytes)
      position += bytes.length
    }
    await fill(until)
    return Buffer.concat(pieces)
  }

  it('reach every one of many followers, in order and once', async () => {
    const id = await started('watched')
    const followers = await Promise.all(Array.from({ length: 20 }, () => follow(id)))
    for (let i = 1; i <= 5; i += 1) await cluster.api(sendRcon, { instance_id: id, command: `say line ${i}` })
    const expected = [1, 2, 3, 4, 5].map((i) => `[chat] <server>: line ${i}\n`).join('')
    for (const follower of followers) {
      await eventually(() => expect(textOf(follower, id)).to.equal(expected))
      follower.close()
    }
  })

  it('are sent only to those who follow them', async () => {
    const [one, other] = [await started('one'), await started('other')]
    const [follower, bystander] = [await follow(one), await follow(other)]
    await cluster.api(sendRcon, { instance_id: one, command: 'say to one' })
    await cluster.api(sendRcon, { instance_id: other, command: 'say to other' })
    await follower.until(instanceOutput, ({ output }) => output.text?.includes('to one') ?? false)
    await bystander.until(instanceOutput, ({ output }) => output.text?.includes('to other') ?? false)
    expect(follower.output(other)).to.deep.equal([])
    expect(bystander.output(one)).to.deep.equal([])

    await follower.send(setInstanceOutputSubscriptions, { instance_ids: [] })
    await cluster.api(sendRcon, { instance_id: one, command: 'say unheard' })
    await cluster.untilConsole(one, 'unheard')
    expect(textOf(follower, one)).to.not.include('unheard')
  })

  it('cross unharmed with all bytes, colours and what is no UTF-8', async () => {
    const id = await started('binary')
    const follower = await follow(id)
    await cluster.api(sendRcon, { instance_id: id, command: 'echo \u001b[31mröd 🎮\u001b[0m' })
    await cluster.api(sendRcon, { instance_id: id, command: 'binary' })
    await cluster.api(sendRcon, { instance_id: id, command: 'echo over' })
    await eventually(() => expect(textOf(follower, id)).to.include('over\n'))
    const allBytes = Buffer.from([...Array(256).keys()].filter((byte) => byte !== 10).concat(10))
    const expected = Buffer.concat([Buffer.from('\u001b[31mröd 🎮\u001b[0m\n'), allBytes, Buffer.from('over\n')])
    expect(Buffer.concat(follower.output(id).map(({ bytes }) => bytes)).equals(expected)).to.equal(true)
    expect((await cluster.console(id)).subarray(-expected.length).equals(expected)).to.equal(true)
  })

  it('lose nothing of a flood, whatever the followers miss of it live', async () => {
    const id = await started('flooding')
    const follower = await follow(id)
    const { end: before } = await cluster.api(readConsole, { instance_id: id, tail: 0 })
    const lines = 200_000
    await cluster.api(sendRcon, { instance_id: id, command: `flood ${lines}` })
    await eventually(async () => {
      const { chunk } = await cluster.api(readConsole, { instance_id: id, tail: 1 })
      expect(chunk.text).to.equal(`[flood] ${lines} lines done\n`)
    }, { deadlineMs: 15_000 })
    const { end } = await cluster.api(readConsole, { instance_id: id, tail: 0 })
    await eventually(() => {
      const isTold = follower.output(id).some(({ offset, bytes }) => offset + bytes.length === end) || follower.heard(instanceOutputCut).length > 0
      expect(isTold, 'the follower has the end, or knows that something is missing').to.equal(true)
    })
    const all = await assembled(follower, id, 1, end)
    const flood = Array.from({ length: lines }, (_, i) => `flood ${i + 1} of ${lines}\n`).join('')
    expect(all.subarray(before).toString()).to.equal(`${flood}[flood] ${lines} lines done\n`)
  })

  it('are followed over a restart of the game, each run with its end', async () => {
    const id = await started('restarting')
    const follower = await follow(id)
    await cluster.api(restartInstance, { instance_id: id, wait: true })
    await cluster.api(sendRcon, { instance_id: id, command: 'say second life' })
    await eventually(() => expect(textOf(follower, id)).to.include('second life'))
    const output = follower.output(id)
    expect(output.filter(({ isEnd }) => isEnd).map(({ run }) => run)).to.deep.equal([1])
    expect(output.findIndex(({ isEnd }) => isEnd)).to.be.below(output.findIndex(({ run }) => run === 2))
    const { runs } = await cluster.api(listRuns, { instance_id: id })
    expect(runs.map(({ run }) => run)).to.deep.equal([1, 2])
    expect(runs[0]?.exit).to.include({ code: 0 })
    expect(runs[1]?.exit).to.equal(null)
    expect((await assembled(follower, id, 2, runs[1]?.end ?? 0)).equals(await cluster.console(id, 2))).to.equal(true)
    const { next_run: next } = await cluster.api(readConsole, { instance_id: id, run: 1, tail: 1 })
    expect(next).to.equal(2)
  })

  it('skip and repeat nothing for a follower whose connection drops', async () => {
    const id = await started('dropping')
    const follower = await follow(id)
    for (let i = 1; i <= 12; i += 1) {
      await cluster.api(sendRcon, { instance_id: id, command: `say number ${i}` })
      if (i % 4 !== 0) continue
      const told = follower.heard(instanceOutputCut).length
      follower.drop()
      if (i === 12) await eventually(() => expect(follower.heard(instanceOutputCut).length, 'words that something is missing').to.be.above(told))
    }
    await cluster.untilConsole(id, 'number 12')
    const { end } = await follower.send(readConsole, { instance_id: id, tail: 0 })
    expect((await assembled(follower, id, 1, end)).equals(await cluster.console(id, 1))).to.equal(true)
    expect(follower.closedBecause).to.equal(undefined)
    // The follower was not forgotten: it goes on to hear what is printed.
    await cluster.api(sendRcon, { instance_id: id, command: 'say still here' })
    await eventually(() => expect(textOf(follower, id)).to.include('still here'))
  })

  it('go on for followers after their slave was killed and started again, with a word that something may be missing', async () => {
    const id = await started('surviving')
    const follower = await follow(id)
    await cluster.slave().end('SIGKILL')
    await cluster.startSlave()
    await follower.until(instanceOutputCut, ({ instance_id: cut }) => cut === id)
    await cluster.api(sendRcon, { instance_id: id, command: 'say after the kill' })
    await eventually(() => expect(textOf(follower, id)).to.include('after the kill'))
    expect(await cluster.state(id)).to.include({ run: 1, status: 'running' })
  })

  it('give the last lines, a piece from an offset, and say what is not there', async () => {
    const id = await started('reading')
    for (const line of ['a', 'b', 'c']) await cluster.api(sendRcon, { instance_id: id, command: `echo ${line}` })
    await cluster.untilConsole(id, 'c\n')
    const { chunk, end } = await cluster.api(readConsole, { instance_id: id, tail: 2 })
    expect(chunk).to.deep.equal({ run: 1, offset: end - 4, text: 'b\nc\n' })
    expect((await cluster.api(readConsole, { instance_id: id, from: end - 6, max_bytes: 2 })).chunk.text).to.equal('a\n')
    expect((await cluster.api(readConsole, { instance_id: id, from: end })).chunk.text).to.equal('')
    expect(await failureOf(cluster.api(readConsole, { instance_id: id, run: 7 }))).to.include({ code: 'not_found' })
    const { id: fresh } = await cluster.create('unborn')
    expect(await failureOf(cluster.api(readConsole, { instance_id: fresh }))).to.include({ code: 'not_found' })
    expect((await cluster.api(readConsole, { instance_id: id, from: end + 1_000 })).chunk).to.deep.equal({ run: 1, offset: end + 1_000, text: '' })
  })

  it('take lines of any text but line breaks', async () => {
    const id = await started('typing')
    await cluster.api(sendRcon, { instance_id: id, command: 'echo $(reboot) `x` "quoted" \\n ä 🎮' })
    await cluster.untilConsole(id, '$(reboot) `x` "quoted" \\n ä 🎮\n')
    for (const command of ['two\nlines', 'nul\0', 'x'.repeat(4_096)]) {
      expect((await failureOf(cluster.api(sendRcon, { instance_id: id, command }))).code).to.equal('invalid_request')
    }
    await cluster.api(stopInstance, { instance_id: id, wait: true })
    expect(await failureOf(cluster.api(sendRcon, { instance_id: id, command: 'echo' }))).to.include({ code: 'wrong_state' })
  })
})
