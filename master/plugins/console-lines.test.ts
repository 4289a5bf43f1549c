import { expect } from 'chai'
import { ConsoleLines } from './console-lines.ts'

type Parts = ConstructorParameters<typeof ConsoleLines>[0]
type Listener = Parameters<Parts['consoles']['listen']>[1]

/** A master with instances 1 and 2 on slave 1, whose consoles a test writes. */
class Consoles {
  readonly followed = new Map<number, Listener>()
  readonly instances = new Set([1, 2])
  readonly asked: unknown[] = []
  changed: (id: number) => void = () => {}
  /** The byte before a piece, as its slave has it. */
  before = '\n'
  readonly #offsets = new Map<string, number>()

  get parts(): Parts {
    const record = (id: number): object | undefined => (this.instances.has(id) ? { id, slave_id: 1 } : undefined)
    const link = {
      send: async (_definition: unknown, data: { from: number }) => {
        this.asked.push(data)
        return { chunk: { offset: data.from, text: this.before } }
      },
    }
    return {
      instances: { onChange: (listener: (id: number) => void) => { this.changed = listener }, get: record, require: record, list: () => [...this.instances].map(record) },
      slaves: { link: () => link },
      consoles: {
        listen: (id: number, listener: Listener) => {
          this.followed.set(id, listener)
          return () => this.followed.delete(id)
        },
      },
    } as unknown as Parts
  }

  print(id: number, text: string, { run = 1, skip = 0, isLast = false } = {}): void {
    const key = `${id}/${run}`
    const offset = (this.#offsets.get(key) ?? 0) + skip
    this.#offsets.set(key, offset + Buffer.byteLength(text))
    const exit = { at: '', code: 0, signal: null, reason: 'exited' } as const
    this.followed.get(id)?.({ run, offset, text, ...(isLast ? { exit } : {}) })
  }

  /** A line as the slave of another make tells it. */
  tell(id: number, offset: number, message: string): void {
    const line = { source: 'stdout', received: 1, format: 'none', type: 'generic', message }
    this.followed.get(id)?.({ run: 7, offset, text: `${message}\n`, line })
  }
}

describe('Lines of consoles within the master', () => {
  let consoles: Consoles
  let lines: ConsoleLines
  let heard: string[]
  const take = (id: number, run: number, text: string): void => { heard.push(`${id}/${run} ${text}`) }
  const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

  beforeEach(() => {
    consoles = new Consoles()
    lines = new ConsoleLines(consoles.parts)
    heard = []
  })

  it('are read of the wanted instances, and only while somebody listens', () => {
    expect(consoles.followed.size).to.equal(0)
    const stopOne = lines.listen([2], take)
    expect([...consoles.followed.keys()]).to.deep.equal([2])
    const stopAll = lines.listen(undefined, () => {})
    expect([...consoles.followed.keys()]).to.have.members([1, 2])
    consoles.instances.add(3)
    consoles.changed(3)
    expect(consoles.followed.has(3)).to.equal(true)
    consoles.instances.delete(1)
    consoles.changed(1)
    expect(consoles.followed.has(1)).to.equal(false)
    stopAll()
    expect([...consoles.followed.keys()]).to.deep.equal([2])
    stopOne()
    expect(consoles.followed.size).to.equal(0)
  })

  it('are put together from pieces, run by run; what a run printed last is one without a line break', () => {
    lines.listen(undefined, take)
    consoles.print(1, 'on')
    consoles.print(2, 'other\n')
    consoles.print(1, 'e\ntwo\r\nthr')
    consoles.print(1, 'ee', { isLast: true })
    consoles.print(1, 'one\n', { run: 2 })
    expect(heard).to.deep.equal(['2/1 other', '1/1 one', '1/1 two', '1/1 three', '1/2 one'])
  })

  it('begin where a line begins when a console is joined midway', async () => {
    lines.listen([1], take)
    consoles.print(1, 'whole\nnext', { skip: 10 })
    consoles.print(1, ' line\n')
    await settled()
    expect(consoles.asked).to.deep.equal([{ instance_id: 1, run: 1, from: 9, max_bytes: 1 }])
    expect(heard).to.deep.equal(['1/1 whole', '1/1 next line'])
  })

  it('begin with the first that a slave of another make tells, wherever it stands', () => {
    lines.listen([1], take)
    consoles.tell(1, 500, 'first')
    consoles.tell(1, 506, 'second')
    consoles.tell(1, 600, 'after a gap')
    expect(consoles.asked).to.deep.equal([])
    expect(heard).to.deep.equal(['1/7 first', '1/7 second', '1/7 after a gap'])
  })

  it('leave out half a line after a gap', async () => {
    lines.listen([1], take)
    consoles.print(1, 'one\nbegun')
    consoles.before = 'x'
    consoles.print(1, 'half\nnew\n', { skip: 5 })
    await settled()
    expect(heard).to.deep.equal(['1/1 one', '1/1 new'])
  })
})
