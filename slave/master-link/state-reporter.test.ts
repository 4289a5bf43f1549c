import { expect } from 'chai'
import type { Link } from '../../lib/link/link.ts'
import { instanceOutput } from '../../lib/link/messages/console.ts'
import type { InstanceOutput } from '../../lib/link/messages/console-output.ts'
import type { Instance } from '../instance/instance.ts'
import type { OutputListener } from '../run/output.ts'
import type { Run } from '../run/run.ts'
import { StateReporter } from './state-reporter.ts'

/** What a run prints, handed out as a run does. */
class Output {
  head = 0
  text = ''
  readonly #followers = new Set<{ position: number; listener: OutputListener }>()

  get end(): number {
    return this.text.length
  }

  print(text: string): void {
    this.text += text
    this.#deliver()
  }

  follow(from: number, listener: OutputListener): () => void {
    const follower = { position: from, listener }
    this.#followers.add(follower)
    this.#deliver()
    return () => this.#followers.delete(follower)
  }

  #deliver(): void {
    for (const follower of this.#followers) {
      const [{ position, listener }, text] = [follower, this.text.slice(follower.position)]
      follower.position = this.end
      if (text !== '') queueMicrotask(() => listener(position, Buffer.from(text)))
    }
  }
}

describe('The output that a slave tells a master of another make', () => {
  const facts = { slaveId: 7, isDraining: false, dataDirectoryId: 'd' }
  const outputs = new Map<number, Output>()
  let instance: Instance
  let reporter: StateReporter
  let told: string[]

  beforeEach(() => {
    told = []
    outputs.clear()
    reporter = new StateReporter()
    instance = { id: 1, given: { instance: {} }, state: {} } as never
  })

  function begin(number: number): Output {
    const output = new Output()
    outputs.set(number, output)
    const run = { output } as never as Run
    Object.assign(instance, { activeRun: { number, run } })
    reporter.runBegan(instance, number, run)
    return output
  }

  function connect({ canAsk = false } = {}): { isOpen: boolean } {
    const link = {
      isOpen: true,
      channel: { carries: () => canAsk, bufferedBytes: 0 },
      emit: (definition: object, data: object) => {
        if (definition === instanceOutput) told.push((data as InstanceOutput).output.text ?? '')
      },
    }
    reporter.begin(link as never as Link, [instance], facts)
    return link
  }

  const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

  it('goes on after a reconnection where it stopped', async () => {
    const output = begin(1)
    const link = connect()
    output.print('before\n')
    await settled()
    // The connection is gone, which is noticed only later.
    link.isOpen = false
    output.print('lost\n')
    await settled()
    reporter.end()
    output.print('while away\n')
    connect()
    output.print('after\n')
    await settled()
    expect(told.join('')).to.equal('before\nlost\nwhile away\nafter\n')
  })

  it('has all of a run that began while the master was away', async () => {
    connect()
    reporter.end()
    begin(2).print('begun alone\n')
    connect()
    await settled()
    expect(told).to.deep.equal(['begun alone\n'])
  })

  it('begins with the first connection: what was printed before may have been told by an earlier slave', async () => {
    const output = begin(1)
    output.print('old\n')
    connect()
    output.print('new\n')
    await settled()
    expect(told).to.deep.equal(['new\n'])
  })

  it('is told to a master that can ask for it only when that does', async () => {
    const output = begin(1)
    connect({ canAsk: true })
    output.print('unasked\n')
    reporter.end()
    connect({ canAsk: true })
    await settled()
    expect(told).to.deep.equal([])
  })
})
