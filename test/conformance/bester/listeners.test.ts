import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { plugin } from '../../../plugins/bester/index.ts'
import { BesterClient, login, loginReport, startBester } from '../../helpers/bester.ts'
import type { Json } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { failureOf } from '../../helpers/failure-of.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startTestMaster } from '../../helpers/master.ts'
import { temporaryDirectory } from '../../helpers/temp-directory.ts'

function recorder() {
  const lines: string[] = []
  const write = (text: string): void => { lines.push(text) }
  const log: Json = { error: write, warn: write, info: write, debug: write, child: () => log }
  return { log, text: () => lines.join('\n') }
}

describe('bester: listeners', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function isServed(address: ConstructorParameters<typeof BesterClient>[0]): Promise<boolean> {
    const client = new BesterClient(address)
    cleanups.add(() => { client.socket.destroy() })
    return JSON.stringify(await client.send(login()).next()) === JSON.stringify(loginReport)
  }

  it('serve over IPv4, IPv6 and a unix socket', async () => {
    const bester = await startBester(cleanups)
    expect(await isServed({ port: bester.tcp4 })).to.equal(true)
    expect(await isServed({ port: bester.tcp6, host: '::1' })).to.equal(true)
    expect(await isServed({ path: bester.path('bester.sock') })).to.equal(true)
  })

  it('can each be turned off', async () => {
    const four = await startBester(cleanups, { fields: { tcp6_port: 0, unix_path: 'off', informer_path: 'off' } })
    expect([await isServed({ port: four.tcp4 }), await isServed({ port: four.tcp6, host: '::1' })]).to.deep.equal([true, false])
    expect(existsSync(four.path('bester.sock')) || existsSync(four.path('informer.sock'))).to.equal(false)
    const six = await startBester(cleanups, { fields: { tcp4_port: 0, unix_path: '', bind: 'localhost' } })
    expect([await isServed({ port: six.tcp4 }), await isServed({ port: six.tcp6, host: '::1' })]).to.deep.equal([false, true])
    const unix = await startBester(cleanups, { fields: { tcp4_port: 0, tcp6_port: 0 } })
    expect(await isServed({ path: unix.path('bester.sock') })).to.equal(true)
  })

  it('listen at the addresses that are bound', async () => {
    const log = recorder()
    const all = await startBester(cleanups, { fields: { bind: '0.0.0.0' }, log: log.log })
    expect(log.text()).to.include(`tcp4://0.0.0.0:${all.tcp4}`).and.include(`tcp6://[::]:${all.tcp6}`)
    const both = await startBester(cleanups, { fields: { bind: '127.0.0.2, ::1' } })
    expect([await isServed({ port: both.tcp4, host: '127.0.0.2' }), await isServed({ port: both.tcp4 }), await isServed({ port: both.tcp6, host: '::1' })]).to.deep.equal([true, false, true])
    const one = await startBester(cleanups, { fields: { bind: '127.0.0.2' } })
    expect([await isServed({ port: one.tcp4, host: '127.0.0.2' }), await isServed({ port: one.tcp6, host: '::1' })]).to.deep.equal([true, false])
  })

  it('keep their sockets from other users, and by default in the data directory', async () => {
    const bester = await startBester(cleanups, { fields: { unix_path: 'bester.sock', informer_path: 'informer.sock' } })
    for (const name of ['bester.sock', 'informer.sock']) {
      const { mode } = statSync(join(bester.dataDirectory, 'plugins/bester', name))
      expect((mode & 0o777).toString(8)).to.equal('600')
    }
    await bester.stop()
    expect(existsSync(join(bester.dataDirectory, 'plugins/bester/bester.sock'))).to.equal(false)
  })

  it('replace a socket that a program has left behind', async () => {
    const path = join(await temporaryDirectory(cleanups), 'left.sock')
    const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(path)).to.equal(true)
    await startBester(cleanups, { fields: { unix_path: path } })
    expect(await isServed({ path })).to.equal(true)
  })

  it('leave a socket alone on which a program listens, and a file that is none', async () => {
    const directory = await temporaryDirectory(cleanups)
    const live = join(directory, 'live.sock')
    const server = createServer((socket) => { socket.on('error', () => {}).end('still here') })
    server.listen({ path: live })
    await once(server, 'listening')
    cleanups.add(() => { server.close() })
    const file = join(directory, 'file')
    await writeFile(file, 'precious')
    for (const path of [live, file]) {
      const log = recorder()
      const bester = await startBester(cleanups, { fields: { unix_path: path }, log: log.log })
      expect(log.text()).to.match(/bester could not be started: Cannot listen on .*: the file exists/)
      expect(await isServed({ port: bester.tcp4 }), 'all of it is off').to.equal(false)
    }
    expect(statSync(file).size).to.equal(8)
    expect(server.listening && existsSync(live)).to.equal(true)
  })

  const wrong: Record<string, Json> = {
    'an address that is none': [{ bind: 'example.org' }, /bester\.bind: "example\.org" is not an IP address/],
    'a peer that is no address': [{ peers: ['one.example:2223'] }, /bester\.peers: "one\.example:2223"/],
    'a handler with the type of a built-in': [{ handlers: { dummy: { socket: 'x.sock' } } }, /"dummy" is built in/],
    'a path that is too long': [{ unix_path: `/tmp/${'x'.repeat(120)}` }, /at most 107 bytes/],
  }
  for (const [what, [fields, message]] of Object.entries(wrong)) {
    it(`are not opened with ${what}`, async () => {
      const log = recorder()
      const bester = await startBester(cleanups, { fields, log: log.log })
      expect(log.text()).to.match(message)
      expect(await isServed({ port: bester.tcp4 })).to.equal(false)
    })
  }

  it('go without a socket by default where the data directory is too deep for one', async () => {
    const deep = join(await temporaryDirectory(cleanups), 'x'.repeat(60), 'y'.repeat(60))
    const log = recorder()
    await mkdir(deep, { recursive: true })
    const port = await freePort()
    await startTestMaster(cleanups, { plugins: [plugin], dataDirectory: deep, log: log.log, config: { 'bester.tcp4_port': port, 'bester.tcp6_port': 0 } })
    expect(log.text()).to.match(/at most 107 bytes; choose a shorter one\. Bester goes on without it/).and.include(`tcp4://127.0.0.1:${port}`)
  })

  it('have no fields but those of the reference, and handlers of a known form', async () => {
    for (const handlers of [{ x: {} }, { x: { socket: '' } }, { x: { socket: 's', request: 'r' } }, { x: { request: 'r', command: 'c' } }, { x: 's' }, ['x'], { x: { socket: 's', command: [] } }, { x: { socket: 's', shell: 'c' } }]) {
      expect((await failureOf(startBester(cleanups, { fields: { handlers } }))).code, JSON.stringify(handlers)).to.equal('invalid_config')
    }
  })
})
