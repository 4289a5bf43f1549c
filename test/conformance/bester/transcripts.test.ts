import { expect } from 'chai'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import { packageRoot } from '../../../lib/package-root.ts'
import { cut, frame, startBester } from '../../helpers/bester.ts'
import type { TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'
import { freePort } from '../../helpers/free-port.ts'

interface Line {
  readonly who: string
  readonly isSent: boolean
  readonly text: string
}

interface Party {
  send(text: string): void
  next(): Promise<string>
}

/** The blocks ```transcript of the page, with the heading that each is under. */
function transcripts(): { title: string; lines: Line[] }[] {
  const page = readFileSync(join(packageRoot, 'docs/protocols/bester.md'), 'utf8')
  return [...page.matchAll(/^```transcript\n([\s\S]*?)^```/gm)].map(({ 1: block = '', index }) => ({
    title: [...page.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
    lines: block.trim().split('\n').map((line) => {
      const [, who = '', arrow, text = ''] = /^([a-z ]+) (→|←) (.*)$/.exec(line) ?? expect.fail(`What is "${line}"?`)
      return { who, isSent: arrow === '→', text }
    }),
  }))
}

/** A program that waits for connections: what it is sent, and what it sends on the newest one. */
class Waiting implements Party {
  readonly #got: string[] = []
  #socket: Socket | undefined
  #wake: () => void = () => {}

  constructor(server: Server, tellsOfEnd: boolean) {
    server.on('connection', (socket) => {
      this.#socket = socket
      let rest: Buffer = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', (data: Buffer) => {
        const found = cut(Buffer.concat([rest, data]))
        rest = found.rest
        this.#tell(found.bodies)
      })
      if (tellsOfEnd) socket.on('end', () => this.#tell(['closed']))
    })
  }

  send(text: string): void {
    this.#socket?.end(frame(text))
  }

  async next(): Promise<string> {
    while (this.#got.length === 0) await new Promise<void>((resolve) => { this.#wake = resolve })
    return this.#got.shift() ?? ''
  }

  #tell(texts: readonly string[]): void {
    this.#got.push(...texts)
    this.#wake()
  }
}

describe('The page docs/protocols/bester.md', () => {
  const lasting = new Cleanups()
  const cleanups = new Cleanups()
  let bester: TestBester
  before(async () => {
    bester = await startBester(lasting, {
      handlers: ['echo', 'shout'],
      requests: { tokens: 'list_tokens', slaves: 'list_slaves' },
      fields: { tcp6_port: 0, unix_path: 'off', peers: ['127.0.0.1'], handler_timeout_ms: 5_000 },
    })
  })
  after(() => lasting.run())
  afterEach(async () => {
    await cleanups.run()
    const informer = bester.informer()
    await eventually(async () => expect((await informer.send({ command: { type: 'listClients' } }).next()).data).to.deep.equal([]))
  })

  async function waiting(address: { path: string } | { host: string; port: number }): Promise<Waiting> {
    const server = createServer()
    const party = new Waiting(server, 'port' in address)
    server.listen(address)
    await once(server, 'listening')
    cleanups.add(() => { server.close() })
    return party
  }

  async function parties(names: readonly string[], serverPort: number): Promise<Map<string, Party>> {
    const found = new Map<string, Party>()
    for (const name of new Set(names)) {
      const [kind = '', type = ''] = name.split(' ')
      if (kind === 'handler') found.set(name, await waiting({ path: bester.path(`${type}.sock`) }))
      else if (kind === 'server') found.set(name, await waiting({ host: '127.0.0.1', port: serverPort }))
      else {
        const client = kind === 'client' ? bester.connect() : kind === 'informer' ? bester.informer() : await bester.login(kind)
        cleanups.add(() => { client.socket.destroy() })
        found.set(name, { send: (text) => client.raw(frame(text)), next: () => client.nextText() })
      }
    }
    return found
  }

  for (const { title, lines } of transcripts()) {
    it(`says what happens: ${title}, ${lines[0]?.text.slice(0, 70)} …`, async () => {
      const serverPort = await freePort()
      const filledIn = (text: string): string => text.replace('"URL"', `"${bester.url}"`).replace('PORT', String(bester.tcp4)).replace('SERVER', `127.0.0.1:${serverPort}`)
      const there = await parties(lines.map(({ who }) => who), serverPort)
      for (const { who, isSent, text } of lines) {
        const party = there.get(who)
        if (isSent) party?.send(filledIn(text))
        else expect(await party?.next(), `${who} gets`).to.equal(filledIn(text))
      }
    })
  }

  it('has transcripts of every part', () => {
    expect(transcripts().length).to.be.above(10)
  })
})
