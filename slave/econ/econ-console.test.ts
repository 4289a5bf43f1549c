import { expect } from 'chai'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createInterface, type Interface } from 'node:readline'
import { builtInTemplates, loadTemplates } from '../../lib/template/load.ts'
import { sayCommand } from '../../lib/template/render.ts'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { startGame, whenReady } from '../../test/helpers/game-process.ts'
import { requireGame } from '../../test/helpers/games.ts'
import { EconConsole, type EconConsoleOptions } from './econ-console.ts'

/** Connections over a local port that have ended, and that the system keeps nevertheless: FIN-WAIT-2 and TIME-WAIT. */
async function lingering(port: number): Promise<string[]> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  return lines.filter((line) => new RegExp(`^ *\\d+: \\S{8}${local} \\S+ 0[56] `).test(line))
}

describe('EconConsole', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const open = (port: number, options: Partial<EconConsoleOptions> = {}): EconConsole => {
    const console = new EconConsole({ port, password: 'pw', retryMs: 5, retryMaxMs: 20, ...options })
    cleanups.add(() => console.close())
    return console
  }

  /** An econ of which the test decides what it answers. */
  class FakeEcon {
    readonly lines: string[] = []
    readonly sockets: Socket[] = []
    readonly readers: Interface[] = []
    #wake: (() => void)[] = []

    constructor(readonly server: Server, answer = 'Authentication successful. External console access granted.') {
      server.on('connection', (socket) => {
        this.sockets.push(socket)
        socket.on('error', () => {})
        socket.write('Enter password:\n\0\0')
        let isIn = false
        const reader = createInterface({ input: socket })
        // It repeats what the socket says.
        reader.on('error', () => {})
        this.readers.push(reader)
        reader.on('line', (line) => {
          if (!isIn) socket.write(line === 'pw' ? `${answer}\n\0\0` : 'Wrong password 1/3.\n\0\0')
          else this.lines.push(line)
          isIn = true
          for (const wake of this.#wake.splice(0)) wake()
        })
      })
      cleanups.add(async () => {
        for (const socket of this.sockets) socket.destroy()
        server.close()
        await once(server, 'close')
      })
    }

    get port(): number {
      return (this.server.address() as AddressInfo).port
    }

    async whenLines(count: number): Promise<string[]> {
      while (this.lines.length < count) await new Promise<void>((resolve) => { this.#wake.push(resolve) })
      return this.lines
    }
  }

  const fake = async (answer?: string, port = 0): Promise<FakeEcon> => {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new FakeEcon(server, answer)
  }

  it('logs in and sends lines in order', async () => {
    const econ = await fake()
    const console = open(econ.port)
    await Promise.all(['one', 'two', 'drei ü'].map((line) => console.send(line)))
    expect(await econ.whenLines(3)).to.deep.equal(['one', 'two', 'drei ü'])
  })

  it('waits for a game that opens its console late', async () => {
    const port = await freePort()
    const console = open(port)
    const sent = console.send('hello')
    const econ = await fake(undefined, port)
    await sent
    expect(await econ.whenLines(1)).to.deep.equal(['hello'])
  })

  it('logs in again when the connection is gone', async () => {
    const econ = await fake()
    const console = open(econ.port)
    await console.send('one')
    await econ.whenLines(1)
    const again = once(econ.server, 'connection')
    econ.sockets[0]?.destroy()
    await again
    await console.send('two')
    expect(await econ.whenLines(2)).to.deep.equal(['one', 'two'])
  })

  it('says why a line could not be sent: nobody there, a wrong password, no answer', async () => {
    const nobody = await failureOf(open(await freePort(), { sendDeadlineMs: 60 }).send('x'))
    expect(nobody.code).to.equal('console_unavailable')
    expect(nobody.message).to.include('ECONNREFUSED')
    const wrong = await failureOf(open((await fake()).port, { password: 'no', sendDeadlineMs: 200 }).send('x'))
    expect(wrong.message).to.include('refused the password')
    const silent = await failureOf(open((await fake('what?')).port, { sendDeadlineMs: 150, loginDeadlineMs: 30 }).send('x'))
    expect(silent.message).to.include('did not answer the login in time')
  })

  it('refuses more than 64 waiting lines, and all of them when it is closed', async () => {
    const console = open(await freePort(), { sendDeadlineMs: 10_000 })
    const waiting = Array.from({ length: 64 }, () => failureOf(console.send('x')))
    expect((await failureOf(console.send('x'))).message).to.include('64 lines are waiting')
    console.close()
    for (const error of await Promise.all(waiting)) expect(error.code).to.equal('console_unavailable')
    expect((await failureOf(console.send('x'))).message).to.include('the game has ended')
  })

  it('refuses a game that reads nothing more instead of collecting lines without end', async () => {
    const econ = await fake()
    const console = open(econ.port, { sendDeadlineMs: 100 })
    await console.send('one')
    econ.readers[0]?.pause()
    const line = 'x'.repeat(1023)
    const fill = async (): Promise<never> => {
      for (;;) await console.send(line)
    }
    const error = await failureOf(fill())
    expect(error.code).to.equal('console_unavailable')
    expect(error.message).to.include('does not read its console')
  })

  it('refuses lines that the game would take apart', async () => {
    const console = open(await freePort())
    expect((await failureOf(console.send('a\nb'))).code).to.equal('invalid_request')
    expect((await failureOf(console.send('ü'.repeat(512)))).code).to.equal('too_large')
  })

  it('leaves nothing behind on the port of a game that ends, so that the next game can have it', async () => {
    const econ = await fake()
    const console = open(econ.port)
    await console.send('one')
    await econ.whenLines(1)
    const [socket] = econ.sockets
    if (!socket) throw new Error('no connection')
    const closed = new Promise((resolve) => { socket.once('close', resolve) })
    socket.end()
    socket.resume()
    await closed
    expect(await lingering(econ.port)).to.deep.equal([])
  })

  it('survives a game that floods and talks nonsense', async () => {
    const econ = await fake('Authentication successful')
    const console = open(econ.port)
    await console.send('one')
    for (let i = 0; i < 50; i++) econ.sockets[0]?.write(Buffer.alloc(100_000, i))
    await console.send('two')
    expect(await econ.whenLines(2)).to.deep.equal(['one', 'two'])
  })

  it('speaks to the real Teeworlds and shuts it down', async function () {
    this.timeout(60_000)
    await requireGame(this, 'teeworlds-server')
    const template = (await loadTemplates([builtInTemplates])).templates.get('teeworlds')
    if (template === undefined) throw new Error('no template teeworlds')
    const game = await startGame(cleanups, template)
    await whenReady(game, template)
    const console = open(game.ports.econ ?? 0, { password: String(game.variables.econ_password) })
    await console.send(sayCommand(template, 'hello "you"; shutdown \\') ?? '')
    await game.line((line) => line.endsWith('[chat]: *** hello "you"; shutdown \\'))
    await console.send('shutdown')
    expect(await game.ended).to.equal(0)
  })
})
