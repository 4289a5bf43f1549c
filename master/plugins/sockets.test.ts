import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect } from 'chai'
import { PluginGuard } from '../../lib/plugin/guard.ts'
import { UndoList } from '../../lib/plugin/undo.ts'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { listenFor } from './sockets.ts'

describe('A socket of a plugin', () => {
  const cleanups = new Cleanups()
  const host = '127.0.0.1'
  let failures: unknown[]
  let guard: PluginGuard
  let undo: UndoList

  beforeEach(() => {
    failures = []
    guard = new PluginGuard({ plugin: 'demo', onFailure: ({ error }) => failures.push(error) })
    undo = new UndoList()
    cleanups.add(() => undo.run(() => {}))
  })
  afterEach(() => cleanups.run())

  const greet = (socket: Socket): void => { socket.end('hello') }

  async function isOpen(address: { port: number; host: string } | { path: string }): Promise<boolean> {
    const socket = connect(address)
    cleanups.add(() => { socket.destroy() })
    return once(socket, 'connect').then(() => true, () => false)
  }

  it('takes connections until the plugin stops', async () => {
    const { port = 0 } = await listenFor({ host, port: 0 }, { onConnection: greet }, guard, undo)
    expect(await isOpen({ host, port })).to.equal(true)
    await undo.run(() => {})
    expect(await isOpen({ host, port })).to.equal(false)
  })

  it('is not opened by a plugin that has stopped, or stops meanwhile', async () => {
    const port = await freePort()
    const path = `${await temporaryDirectory(cleanups)}/socket`
    const attempts = [{ host, port }, { path }].map((address) => failureOf(listenFor(address, { onConnection: greet }, guard, undo)))
    await undo.run(() => {})
    attempts.push(failureOf(listenFor({ host, port }, { onConnection: greet }, guard, undo)))
    for (const failure of await Promise.all(attempts)) expect(failure).to.include({ code: 'shutting_down' })
    expect([await isOpen({ host, port }), await isOpen({ path })]).to.deep.equal([false, false])
  })

  it('leaves nothing to be undone where it could not be opened', async () => {
    const taken = createServer().listen({ host, port: 0 })
    cleanups.add(() => { taken.close() })
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    expect(await failureOf(listenFor({ host, port }, { onConnection: greet }, guard, undo))).to.include({ code: 'address_in_use' })
    const errors: unknown[] = []
    await undo.run((error) => errors.push(error))
    expect(errors).to.deep.equal([])
    expect(taken.listening).to.equal(true)
  })

  it('lays what a connection\'s listener throws at the plugin\'s door, and ends that connection', async () => {
    const { port = 0 } = await listenFor({ host, port: 0 }, { onConnection: () => { throw new Error('broken') } }, guard, undo)
    const socket = connect({ host, port })
    await once(socket, 'close')
    expect(failures.map(String)).to.deep.equal(['Error: broken'])
  })
})
