import { FileRefusal } from './refusal.ts'

const maxHeaderBytes = 16_384
const headerEnd = Buffer.from('\r\n\r\n')

/** What a multipart body may have besides its part: boundaries, headers. */
export const maxEnvelopeBytes = 65_536

/** The boundary of a `multipart/…` content type; undefined for other types. Throws FileRefusal 400 when it has none. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!contentType || !/^\s*multipart\//i.test(contentType)) return undefined
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  const boundary = found?.[1] ?? found?.[2]
  if (boundary === undefined) throw new FileRefusal(400, 'The content type of the multipart body names no boundary')
  return boundary
}

/**
 * The bytes of the one part of a multipart body (RFC 2046, 5.1), as they come. Throws FileRefusal: 412 when there is
 * another part, 400 when there is none or the body breaks off.
 */
export async function* onlyPart(body: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Buffer> {
  const reader = new DelimitedReader(body)
  // The first boundary may stand at the very beginning, without the line break that belongs to the others.
  reader.prepend(Buffer.from('\r\n'))
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  for await (const _preamble of reader.until(delimiter)) { /* nothing of it is wanted */ }
  if (await isLast(reader)) throw new FileRefusal(400, 'The multipart body has no part')
  // The headers' end may begin with the line break that ended the boundary: a part without headers.
  reader.prepend(Buffer.from('\r\n'))
  let headerBytes = 0
  for await (const piece of reader.until(headerEnd)) {
    headerBytes += piece.length
    if (headerBytes > maxHeaderBytes) throw new FileRefusal(400, 'The headers of the part are too long')
  }
  // So may the boundary that ends it, when the part is empty.
  reader.prepend(Buffer.from('\r\n'))
  let isFirst = true
  for await (const piece of reader.until(delimiter)) {
    const bytes: Buffer = isFirst ? piece.subarray(2) : piece
    isFirst = false
    if (bytes.length > 0) yield bytes
  }
  if (!await isLast(reader)) throw new FileRefusal(412, 'The multipart body has several parts; send one file at a time')
}

async function isLast(reader: DelimitedReader): Promise<boolean> {
  let rest = await reader.take(2)
  // White space may follow the boundary.
  while (rest[0] === 0x20 || rest[0] === 0x09) rest = Buffer.concat([rest.subarray(1), await reader.take(1)])
  if (rest.toString('latin1') === '--') return true
  if (rest.toString('latin1') !== '\r\n') throw new FileRefusal(400, 'The multipart body is not well formed')
  return false
}

/** Reads a stream of bytes up to given delimiters, keeping no more of it than it must. */
class DelimitedReader {
  readonly #source: AsyncIterator<Buffer, undefined>
  #buffer: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  }

  prepend(bytes: Buffer): void {
    this.#buffer = Buffer.concat([bytes, this.#buffer])
  }

  /** All before the delimiter, piece by piece, none shorter than two bytes unless it is the last; the delimiter is passed over. */
  async* until(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(delimiter)
      if (at !== -1) {
        const piece = this.#buffer.subarray(0, at)
        this.#buffer = this.#buffer.subarray(at + delimiter.length)
        yield piece
        return
      }
      // The last bytes may be the beginning of a delimiter.
      const safe = this.#buffer.length - delimiter.length + 1
      if (safe >= 2) {
        const piece = this.#buffer.subarray(0, safe)
        this.#buffer = this.#buffer.subarray(safe)
        yield piece
      }
      await this.#more()
    }
  }

  async take(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#more()
    const taken = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    return taken
  }

  async #more(): Promise<void> {
    const next: IteratorResult<Buffer, undefined> = await this.#source.next()
    if (next.done === true) throw new FileRefusal(400, 'The multipart body breaks off')
    this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value])
  }
}
