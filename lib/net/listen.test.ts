import { expect } from 'chai'
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { addressText, listen } from './listen.ts'

describe('listen', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  function newServer() {
    const server = createServer()
    cleanups.add(async () => {
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    })
    return server
  }

  async function failure(address: { host: string; port: number } | { path: string }) {
    const server = newServer()
    const error: unknown = await ('path' in address ? listen(server, address) : listen(server, address)).then(() => undefined, (reason: unknown) => reason)
    expect(server.listenerCount('error')).to.equal(0)
    expect(server.listenerCount('listening')).to.equal(0)
    return error
  }

  it('gives the port that was chosen for port 0', async () => {
    const server = newServer()
    const address = await listen(server, { host: '127.0.0.1', port: 0 })
    expect(address.host).to.equal('127.0.0.1')
    expect(address.port).to.be.above(0)
    expect(server.listenerCount('error')).to.equal(0)
  })

  it('says that another program uses the port', async () => {
    const { port } = await listen(newServer(), { host: '127.0.0.1', port: 0 })
    const error = await failure({ host: '127.0.0.1', port })
    expect(error).to.include({ code: 'address_in_use' })
    expect(error).to.have.property('message').that.includes(`127.0.0.1:${port}`).and.includes('choose another port')
  })

  it('names an address that the machine does not have', async () => {
    expect(await failure({ host: '192.0.2.1', port: 0 })).to.include({ code: 'invalid_config' })
  })

  it('refuses a port out of range like any other bad address', async () => {
    expect(await failure({ host: '127.0.0.1', port: 70_000 })).to.include({ code: 'invalid_config' })
  })

  it('fails when the server is closed meanwhile, which then stays closed', async () => {
    const { port } = await listen(newServer(), { host: '127.0.0.1', port: 0 })
    for (const address of [{ host: '127.0.0.1', port: 0 }, { host: 'localhost', port: 0 }, { host: '127.0.0.1', port }]) {
      const server = newServer()
      const outcome = listen(server, address).then(() => undefined, (reason: unknown) => reason)
      server.close()
      expect(await outcome).to.include({ code: 'shutting_down' })
      await new Promise((resolve) => { lookup('localhost', resolve) })
      expect(server.listening).to.equal(false)
    }
  })

  it('listens on a path, and says so when the path is taken', async () => {
    const path = `${await temporaryDirectory(cleanups)}/socket`
    expect(await listen(newServer(), { path })).to.deep.equal({ path })
    expect((await stat(path)).isSocket()).to.equal(true)
    expect(await failure({ path })).to.include({ code: 'address_in_use' })
  })
})

describe('addressText', () => {
  it('puts IPv6 in brackets', () => {
    expect(addressText({ host: '::1', port: 80 })).to.equal('[::1]:80')
    expect(addressText({ host: '0.0.0.0', port: 80 })).to.equal('0.0.0.0:80')
  })
})
