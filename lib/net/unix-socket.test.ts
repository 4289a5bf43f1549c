import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { listenOnSocket, removeStaleSocket } from './unix-socket.ts'

describe('Unix sockets', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  function newServer(): Server {
    const server = createServer((socket) => { socket.on('error', () => {}).end() })
    cleanups.add(() => { server.close() })
    return server
  }

  async function leaveBehind(path: string): Promise<void> {
    const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  it('are for this user only', async () => {
    const path = join(await temporaryDirectory(cleanups), 'a.sock')
    await listenOnSocket(newServer(), path)
    expect(statSync(path).mode & 0o777).to.equal(0o600)
  })

  it('that were left behind are replaced', async () => {
    const path = join(await temporaryDirectory(cleanups), 'a.sock')
    await leaveBehind(path)
    await listenOnSocket(newServer(), path)
  })

  it('on which a program listens stay, and so do files that are none', async () => {
    const directory = await temporaryDirectory(cleanups)
    const [live, file] = [join(directory, 'live'), join(directory, 'file')]
    await listenOnSocket(newServer(), live)
    await writeFile(file, 'precious')
    for (const path of [live, file]) {
      await removeStaleSocket(path)
      expect((await failureOf(listenOnSocket(newServer(), path))).code).to.equal('address_in_use')
      expect(existsSync(path)).to.equal(true)
    }
    await removeStaleSocket(join(directory, 'none'))
  })

  it('have paths of a bounded length, rather than be made elsewhere', async () => {
    const directory = await temporaryDirectory(cleanups)
    expect((await failureOf(listenOnSocket(newServer(), join(directory, 'x'.repeat(108))))).code).to.equal('invalid_config')
    const path = join(directory, 'x'.repeat(106 - Buffer.byteLength(directory)))
    await listenOnSocket(newServer(), path)
    expect(existsSync(path)).to.equal(true)
  })
})
