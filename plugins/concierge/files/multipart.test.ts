import { expect } from 'chai'
import fc from 'fast-check'
import { boundaryOf, onlyPart } from './multipart.ts'
import type { FileRefusal } from './refusal.ts'

async function* inPieces(body: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size)
}

async function read(body: string | Buffer, size = 7): Promise<string | number> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of onlyPart(inPieces(Buffer.from(body as string, 'latin1'), size), 'b')) pieces.push(piece)
  } catch (error) {
    return (error as FileRefusal).status
  }
  return Buffer.concat(pieces).toString('latin1')
}

describe('onlyPart', () => {
  it('gives the part\'s bytes, however the body is cut up', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.constantFrom('\r', '\n', '-', '--', 'b', '\r\n--', 'x', '\r\n\r\n')).map((pieces) => pieces.join('')).filter((text) => !`\r\n${text}\r\n--b`.slice(0, -1).includes('\r\n--b')),
      fc.integer({ min: 1, max: 30 }),
      async (content, size) => {
        expect(await read(`preamble\r\n--b  \r\nContent-Type: x\r\n\r\n${content}\r\n--b--\r\nepilogue`, size)).to.equal(content)
      },
    ), { numRuns: 500 })
  })

  it('reads parts without headers, without bytes, and bodies without a preamble', async () => {
    expect(await read('--b\r\n\r\nx\r\n--b--')).to.equal('x')
    expect(await read('--b\r\n\r\n\r\n--b--')).to.equal('')
    expect(await read('--b\r\nA: b\r\n\r\n--b--')).to.equal('')
    expect(await read('--b\r\nA: b\r\n\r\n\r\n\r\n--b--')).to.equal('\r\n')
  })

  it('refuses several parts with 412, none and broken bodies with 400', async () => {
    expect(await read('--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--')).to.equal(412)
    for (const body of ['', 'x', '--b--', '--b', '--b\r\n', '--b\r\nA: b\r\n\r\nx', '--bx\r\n\r\nx\r\n--b--', '--b\r\n\r\nx\r\n--b', '--b\r\n\r\nx\r\n--bx']) expect(await read(body), body).to.equal(400)
  })
})

describe('boundaryOf', () => {
  it('finds the boundary of multipart types only', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).to.equal('abc')
    expect(boundaryOf('Multipart/Form-Data; charset=x; BOUNDARY="a b;c"')).to.equal('a b;c')
    for (const type of [undefined, '', 'text/plain; boundary=x', 'application/octet-stream']) expect(boundaryOf(type)).to.equal(undefined)
    expect(() => boundaryOf('multipart/form-data')).to.throw('boundary')
  })
})
