import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createUser } from '../../lib/link/messages/users.ts'
import { BesterClient, delivery, login, loginReport, password, reply, report, startBester } from '../helpers/bester.ts'
import type { Json } from '../helpers/bester.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { freePort } from '../helpers/free-port.ts'
import { temporaryDirectory } from '../helpers/temp-directory.ts'

/** Sends data on to a server if they name one, else to the clients that they name. */
const relaySource = `
console.log('relay ' + process.pid)
require('net').createServer((socket) => socket.once('data', (frame) => {
  const { server, names, text } = JSON.parse(frame.subarray(4).toString())
  const command = server ? { type: 'sendServers', data: [server] } : { type: 'sendClients', data: names }
  const body = Buffer.from(JSON.stringify({ header: { status: '0', command }, data: server ? { names, text } : text }))
  const head = Buffer.alloc(4)
  head.writeInt32LE(body.length)
  socket.end(Buffer.concat([head, body]))
})).listen(process.env.BESTER_SOCKET)
`

interface Bester {
  readonly cluster: TestCluster
  readonly port: number
  readonly client: (name: string) => Promise<BesterClient>
}

describe('bester with a real master', () => {
  const cleanups = new Cleanups()
  let one: Bester
  before(async () => {
    one = await start()
  })
  after(() => cleanups.run())

  async function start(): Promise<Bester> {
    const port = await freePort()
    const relay = join(await temporaryDirectory(cleanups), 'relay.cjs')
    await writeFile(relay, relaySource)
    const cluster = await TestCluster.start(cleanups, {
      slaves: [],
      master: {
        'bester.enabled': true, 'bester.tcp4_port': port, 'bester.tcp6_port': 0, 'bester.peers': ['127.0.0.1'],
        'bester.handlers': { relay: { socket: 'relay.sock', command: [process.execPath, relay] } },
      },
    })
    await cluster.api(createUser, { name: 'alice', password })
    const client = async (name: string): Promise<BesterClient> => {
      const connected = new BesterClient({ port })
      cleanups.add(() => { connected.socket.destroy() })
      expect(await connected.send(login(name)).next()).to.deep.equal(loginReport)
      return connected
    }
    return { cluster, port, client }
  }

  function relayPid({ cluster }: Bester): number {
    return Number([...cluster.master.log.matchAll(/relay (\d+)/g)].at(-1)?.[1])
  }

  function isRelay(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('relay.cjs')
    } catch {
      return false
    }
  }

  it('federates: handlers of one send to clients of the other, and back', async () => {
    const two = await startBester(cleanups, { handlers: ['relay'], fields: { peers: ['127.0.0.1'] } })
    await two.handler('relay', ({ server, names, text }: Json) => (
      server === undefined ? reply('sendClients', names, text) : reply('sendServers', [server], { names, text })
    ))
    const [alice, bob] = [await one.client('alice'), await two.login('bob')]
    const send = (from: BesterClient, port: number, names: string[], text: Json): Promise<Json> => from.ask('relay', { server: `127.0.0.1:${port}`, names, text }, 'x')
    expect(await send(alice, two.tcp4, ['bob'], 'there')).to.deep.equal(report('x', 'good'))
    expect(await bob.next()).to.deep.equal(delivery('relay', 'there'))
    expect(await send(bob, one.port, ['alice'], 'back')).to.deep.equal(report('x', 'good'))
    expect(await alice.next()).to.deep.equal(delivery('relay', 'back'))
    await two.stop()
    expect(await bob.next()).to.equal('closed')
    expect(await send(alice, two.tcp4, ['bob'], 'gone')).to.deep.equal(report('x', 'bad'))
  })

  it('runs its handlers: again when they are killed, no longer when the master stops, and one of each after the master was killed', async () => {
    const bester = one
    const alice = await bester.client('alice')
    expect(await alice.ask('relay', { names: ['alice'], text: 1 })).to.deep.equal(delivery('relay', 1))
    const first = relayPid(bester)
    process.kill(first, 'SIGKILL')
    await eventually(() => expect(relayPid(bester)).to.not.equal(first))
    expect(await alice.ask('relay', { names: ['alice'], text: 2 })).to.deep.equal(delivery('relay', 2))

    const second = relayPid(bester)
    await bester.cluster.master.end('SIGKILL')
    expect(isRelay(second)).to.equal(true)
    await bester.cluster.startMaster()
    const again = await bester.client('alice')
    expect(await again.ask('relay', { names: ['alice'], text: 3 })).to.deep.equal(delivery('relay', 3))
    const third = relayPid(bester)
    expect([isRelay(second), isRelay(third)]).to.deep.equal([false, true])
    await bester.cluster.master.end('SIGTERM')
    expect(isRelay(third)).to.equal(false)
  })
})
