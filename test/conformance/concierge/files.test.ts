import { expect } from 'chai'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { Cleanups } from '../../helpers/cleanups.ts'
import { startConcierge } from '../../helpers/concierge.ts'
import type { ConciergeClient, TestConcierge } from '../../helpers/concierge.ts'
import { eventually } from '../../helpers/eventually.ts'
import { temporaryDirectory } from '../../helpers/temp-directory.ts'

const maxFileBytes = 4_096
const stranger = '73fcc768-d724-47e2-a101-a45298188f47'

describe('The concierge\'s file server', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge
  let anthony: ConciergeClient
  let brendan: ConciergeClient

  beforeEach(async () => {
    concierge = await startConcierge(cleanups, { max_file_bytes: maxFileBytes, max_total_bytes: 3 * maxFileBytes })
    anthony = await concierge.join('anthony')
    brendan = await concierge.join('brendan')
  })
  afterEach(() => cleanups.run())

  function ask(method: string, path: string, { key = anthony.uuid, body, headers = {} }: { key?: string; body?: string | Uint8Array<ArrayBuffer> | FormData; headers?: Record<string, string> } = {}): Promise<Response> {
    return concierge.fetchFile(path, { method, headers: { 'x-fs-key': key, ...headers }, ...(body === undefined ? {} : { body }) })
  }

  async function statusOf(...request: Parameters<typeof ask>): Promise<number> {
    const response = await ask(...request)
    await response.arrayBuffer()
    return response.status
  }

  /** A request as it stands: fetch would tidy the path up. */
  async function rawStatus(method: string, target: string, { body = '', headers = '' } = {}): Promise<number> {
    const socket = connectTcp(concierge.port, '127.0.0.1')
    socket.on('error', () => {})
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: x\r\nx-fs-key: ${anthony.uuid}\r\n${length}${headers}Connection: close\r\n\r\n${body}`)
    let text = ''
    socket.on('data', (data: Buffer) => { text += data.toString() })
    await once(socket, 'close')
    return Number(text.split(' ')[1])
  }

  const filesOnDisk = (): Promise<string[]> => readdir(join(concierge.dataDirectory, 'plugins/concierge/files'))

  it('stores what is put and posted, and gives it to every client', async () => {
    const body = Buffer.from([0, 255, 13, 10, ...Buffer.from('--x')])
    expect(await statusOf('PUT', 'anthony/a.bin', { body })).to.equal(201)
    expect(await statusOf('POST', 'anthony/b.bin', { body })).to.equal(201)
    const form = new FormData()
    form.set('file', new Blob([body]), '../../evil')
    expect(await statusOf('POST', 'anthony/sub/folder/c.bin', { body: form })).to.equal(201)
    for (const [path, name] of [['a.bin', 'a.bin'], ['b.bin', 'b.bin'], ['sub/folder/c.bin', 'c.bin']]) {
      const response = await ask('GET', `anthony/${path}`, { key: brendan.uuid })
      expect(response.status).to.equal(202)
      expect(response.headers.get('content-disposition')).to.equal(`attachment; filename="${name}"`)
      expect(Buffer.from(await response.arrayBuffer())).to.deep.equal(body)
    }
    expect(await filesOnDisk()).to.have.length(3)
  })

  it('replaces, deletes, and keeps empty files', async () => {
    for (const body of ['one', 'two', '']) {
      expect(await statusOf('PUT', 'anthony/x', { body, headers: { 'content-length': String(body.length) } })).to.equal(201)
      expect(await (await ask('GET', 'anthony/x')).text()).to.equal(body)
    }
    await eventually(async () => expect(await filesOnDisk()).to.have.length(1))
    expect(await statusOf('DELETE', 'anthony/x')).to.equal(200)
    expect(await statusOf('DELETE', 'anthony/x')).to.equal(404)
    expect(await statusOf('GET', 'anthony/x')).to.equal(404)
    expect(await filesOnDisk()).to.have.length(0)
  })

  it('wants a key: 428 without, 417 malformed, 401 of nobody connected', async () => {
    for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
      const without = await concierge.fetchFile('anthony/x', { method })
      expect(without.status, method).to.equal(428)
      for (const key of ['x', `${anthony.uuid}0`, '']) expect(await statusOf(method, 'anthony/x', { key }), key).to.equal(417)
      expect(await statusOf(method, 'anthony/x', { key: stranger })).to.equal(401)
    }
    expect(await statusOf('PUT', 'anthony/x', { key: anthony.uuid.toUpperCase(), body: 'x' })).to.equal(201)
  })

  it('lets nobody change another\'s folder', async () => {
    await statusOf('PUT', 'anthony/x', { body: 'mine' })
    for (const method of ['PUT', 'POST', 'DELETE']) {
      expect(await statusOf(method, 'anthony/x', { key: brendan.uuid, ...(method === 'DELETE' ? {} : { body: 'yours' }) }), method).to.equal(403)
      expect(await statusOf(method, 'nobody/x')).to.equal(403)
      expect(await statusOf(method, '')).to.equal(403)
    }
    expect(await (await ask('GET', 'anthony/x')).text()).to.equal('mine')
    for (const path of ['nobody/x', 'anthony', 'anthony/', 'anthony/y', 'anthony/x/y', '', '__proto__/x']) expect(await statusOf('GET', path), path).to.equal(404)
  })

  it('answers 409 for a file where a folder is and the reverse', async () => {
    await statusOf('PUT', 'anthony/a/b', { body: 'x' })
    for (const path of ['a', 'a/b/c', 'a/b/c/d']) expect(await statusOf('PUT', `anthony/${path}`, { body: 'x' }), path).to.equal(409)
    expect(await statusOf('PUT', 'anthony', { body: 'x' })).to.equal(409)
    expect(await statusOf('GET', 'anthony/a')).to.equal(404)
    expect(await statusOf('DELETE', 'anthony/a')).to.equal(404)
    expect(await statusOf('DELETE', 'anthony/a/b')).to.equal(200)
    expect(await statusOf('PUT', 'anthony/a', { body: 'x' })).to.equal(201)
  })

  it('answers 413 above the limit, 411 without a length, 412 for several parts, 405 for other methods', async () => {
    expect(await statusOf('PUT', 'anthony/x', { body: Buffer.alloc(maxFileBytes) })).to.equal(201)
    const form = (...sizes: number[]): FormData => {
      const made = new FormData()
      for (const [index, size] of sizes.entries()) made.append(`f${index}`, new Blob([Buffer.alloc(size)]), 'f')
      return made
    }
    expect(await statusOf('POST', 'anthony/y', { body: form(maxFileBytes) })).to.equal(201)
    for (const body of [Buffer.alloc(maxFileBytes + 1), Buffer.alloc(5_000_000)]) {
      expect(await statusOf('PUT', 'anthony/z', { body })).to.equal(413)
      expect(await statusOf('POST', 'anthony/z', { body })).to.equal(413)
    }
    expect(await statusOf('POST', 'anthony/z', { body: form(maxFileBytes + 1) })).to.equal(413)
    expect(await statusOf('POST', 'anthony/z', { body: form(1_000_000) })).to.equal(413)
    expect(await statusOf('POST', 'anthony/z', { body: form(5, 5) })).to.equal(412)
    expect(await rawStatus('PUT', '/fs/anthony/z', { headers: 'Transfer-Encoding: chunked\r\n' })).to.equal(411)
    expect(await rawStatus('PUT', '/fs/anthony/z')).to.equal(411)
    for (const method of ['PATCH', 'HEAD', 'PROPFIND']) expect(await statusOf(method, 'anthony/x'), method).to.equal(405)
    expect(await statusOf('GET', 'anthony/z')).to.equal(404)
    await eventually(async () => expect(await filesOnDisk()).to.have.length(2))
  })

  it('answers 400 for a multipart body that is none', async () => {
    const headers = (type: string): Record<string, string> => ({ 'content-type': type })
    for (const [type, body] of [
      ['multipart/form-data', 'x'], ['multipart/form-data; boundary=b', 'x'], ['multipart/form-data; boundary=b', '--b--\r\n'],
      ['multipart/form-data; boundary=b', '--b\r\nA: b\r\n\r\nx'], ['multipart/form-data; boundary=b', `--b\r\nA: ${'b'.repeat(20_000)}\r\n\r\nx\r\n--b--`],
    ] as const) expect(await statusOf('POST', 'anthony/x', { body, headers: headers(type) }), body.slice(0, 30)).to.be.oneOf([400, 413])
    expect(await statusOf('GET', 'anthony/x')).to.equal(404)
    expect(await filesOnDisk()).to.have.length(0)
  })

  it('answers 507 when the files of all together would be too many, and has room again when some go', async () => {
    for (const name of ['a', 'b', 'c']) expect(await statusOf('PUT', `anthony/${name}`, { body: Buffer.alloc(maxFileBytes) })).to.equal(201)
    expect(await statusOf('PUT', 'brendan/x', { key: brendan.uuid, body: 'x' })).to.equal(507)
    await statusOf('DELETE', 'anthony/a')
    expect(await statusOf('PUT', 'brendan/x', { key: brendan.uuid, body: 'x' })).to.equal(201)
    anthony.ws.terminate()
    await brendan.until(({ code }) => code === 'CLIENT_LEFT')
    await eventually(async () => expect(await filesOnDisk()).to.have.length(1))
    for (const name of ['a', 'b']) expect(await statusOf('PUT', `brendan/${name}`, { key: brendan.uuid, body: Buffer.alloc(maxFileBytes) })).to.equal(201)
  })

  it('gives space back that an upload did not use or did not finish', async () => {
    for (let index = 0; index < 10; index += 1) {
      const socket = connectTcp(concierge.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(`PUT /fs/anthony/x HTTP/1.1\r\nHost: x\r\nx-fs-key: ${anthony.uuid}\r\nContent-Length: 4000\r\n\r\npartial`)
      await eventually(async () => expect(await filesOnDisk()).to.have.length(1))
      socket.resetAndDestroy()
      await eventually(async () => expect(await filesOnDisk()).to.have.length(0))
    }
    expect(await statusOf('GET', 'anthony/x')).to.equal(404)
    for (const name of ['a', 'b', 'c']) expect(await statusOf('PUT', `anthony/${name}`, { body: Buffer.alloc(maxFileBytes) })).to.equal(201)
  })

  it('keeps nothing of a client that leaves while it uploads', async () => {
    const socket = connectTcp(concierge.port, '127.0.0.1')
    let text = ''
    socket.on('data', (data: Buffer) => { text += data.toString() })
    socket.write(`PUT /fs/anthony/x HTTP/1.1\r\nHost: x\r\nx-fs-key: ${anthony.uuid}\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345`)
    await eventually(async () => expect(await filesOnDisk()).to.have.length(1))
    anthony.ws.terminate()
    await brendan.until(({ code }) => code === 'CLIENT_LEFT')
    socket.write('67890')
    await once(socket, 'close')
    expect(text).to.match(/^HTTP\/1\.1 401 /)
    expect(await filesOnDisk()).to.have.length(0)
  })

  it('removes a client\'s files when it goes, and its key', async () => {
    await statusOf('PUT', 'anthony/x', { body: 'x' })
    anthony.ws.terminate()
    await brendan.until(({ code }) => code === 'CLIENT_LEFT')
    expect(await statusOf('GET', 'anthony/x', { key: brendan.uuid })).to.equal(404)
    expect(await statusOf('GET', 'anthony/x')).to.equal(401)
    const again = await concierge.join('anthony')
    expect(await statusOf('GET', 'anthony/x', { key: again.uuid })).to.equal(404)
    await eventually(async () => expect(await filesOnDisk()).to.have.length(0))
  })

  it('lets no spelling of a path out of the folder', async () => {
    await statusOf('PUT', 'brendan/secret', { key: brendan.uuid, body: 'secret' })
    const spellings = [
      '../brendan/secret', './x', '..', '.', 'a/../../brendan/secret', '%2e%2e/brendan/secret', '%2E%2e%2fbrendan%2fsecret', '..%2fbrendan%2fsecret', '..%5cbrendan',
      '%252e%252e/x', '%252e%252e%252fbrendan%252fsecret', '%25252e%25252e/x', '/etc/passwd', '//etc/passwd', '%2fetc%2fpasswd', 'a%00b', 'a%2500b', '%c0%ae%c0%ae/x', '%', '%zz',
      'a//b', 'a/', 'C:%5cx', 'a%0ab', '..\\brendan\\secret', `a/${'x'.repeat(1_025)}`,
    ]
    for (const spelling of spellings) {
      const target = `/fs/anthony/${spelling}`
      expect(await rawStatus('PUT', target, { body: 'evil' }), `PUT ${spelling}`).to.equal(403)
      expect(await rawStatus('POST', target, { body: 'evil' }), `POST ${spelling}`).to.equal(403)
      expect(await rawStatus('DELETE', target), `DELETE ${spelling}`).to.equal(403)
      expect(await rawStatus('GET', target), `GET ${spelling}`).to.equal(404)
    }
    for (const target of ['/fs/../health', '/fs/%2e%2e/health', '/fs/..%2fhealth', '/fs//anthony/x']) expect(await rawStatus('GET', target), target).to.equal(404)
    expect(await filesOnDisk()).to.have.length(1)
    expect(await (await ask('GET', 'brendan/secret')).text()).to.equal('secret')
  })

  it('follows no link that somebody laid on its disk, for it finds files by numbers', async () => {
    expect(await statusOf('PUT', 'anthony/__proto__', { body: 'x' })).to.equal(201)
    expect(await statusOf('PUT', 'anthony/constructor/toString', { body: 'x' })).to.equal(201)
    expect(await filesOnDisk()).to.have.members(['1', '2'])
  })

  it('quotes names in the header, and spells out those that are not ASCII', async () => {
    for (const [name, header] of [
      ['a b.txt', 'attachment; filename="a b.txt"'],
      ['"x".txt', 'attachment; filename="\\"x\\".txt"'],
      ['ünï (1).txt', 'attachment; filename="_n_ (1).txt"; filename*=UTF-8\'\'%C3%BCn%C3%AF%20%281%29.txt'],
    ] as const) {
      expect(await statusOf('PUT', `anthony/${encodeURIComponent(name)}`, { body: 'x' })).to.equal(201)
      expect((await ask('GET', `anthony/${encodeURIComponent(name)}`)).headers.get('content-disposition')).to.equal(header)
    }
  })

  it('serves clients with names that are not ASCII', async () => {
    const zoe = await concierge.join('Zoë')
    expect(await statusOf('PUT', 'Zoë/x', { key: zoe.uuid, body: 'x' })).to.equal(201)
    expect(await statusOf('GET', 'Zo%C3%AB/x')).to.equal(202)
  })

  it('lets pages of any origin use it', async () => {
    const preflight = await concierge.fetchFile('anthony/x', { method: 'OPTIONS', headers: { 'origin': 'http://example.org', 'access-control-request-method': 'PUT' } })
    expect(preflight.status).to.equal(204)
    expect(preflight.headers.get('access-control-allow-origin')).to.equal('*')
    expect(preflight.headers.get('access-control-allow-methods')).to.equal('GET, POST, PUT, DELETE')
    expect(preflight.headers.get('access-control-allow-headers')).to.equal('x-fs-key')
    expect((await concierge.fetchFile('anthony/x')).headers.get('access-control-allow-origin')).to.equal('*')
  })

  it('bounds the transfers of one key', async () => {
    const sockets = Array.from({ length: 32 }, () => connectTcp(concierge.port, '127.0.0.1'))
    for (const [index, socket] of sockets.entries()) {
      socket.on('error', () => {})
      socket.write(`PUT /fs/anthony/x${index} HTTP/1.1\r\nHost: x\r\nx-fs-key: ${anthony.uuid}\r\nContent-Length: 10\r\n\r\nx`)
    }
    await eventually(async () => expect(await filesOnDisk()).to.have.length(32))
    expect(await statusOf('GET', 'anthony/x')).to.equal(429)
    expect(await statusOf('GET', 'anthony/x', { key: brendan.uuid })).to.equal(404)
    for (const socket of sockets) socket.destroy()
    await eventually(async () => expect(await statusOf('GET', 'anthony/x')).to.equal(404))
  })
})

describe('The concierge\'s file server after a crash', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('removes what was left', async () => {
    const dataDirectory = await temporaryDirectory(cleanups)
    const files = join(dataDirectory, 'plugins/concierge/files')
    await mkdir(files, { recursive: true })
    await writeFile(join(files, '1'), 'left over')
    const concierge = await startConcierge(cleanups, {}, { dataDirectory })
    expect(await readdir(files)).to.deep.equal([])
    const client = await concierge.join('client')
    const put = await concierge.fetchFile('client/x', { method: 'PUT', headers: { 'x-fs-key': client.uuid }, body: 'x' })
    expect(put.status).to.equal(201)
    await concierge.stop()
    expect(await readdir(join(dataDirectory, 'plugins/concierge'))).to.deep.equal([])
  })
})
