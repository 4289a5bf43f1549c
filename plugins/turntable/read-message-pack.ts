import { ClusterError } from '../../lib/plugin.ts'
import { limits } from './limits.ts'

/**
 * The value of a MessagePack text that anybody may have sent, of the types that JSON has too: what one member sends,
 * every other must be able to read. Throws `malformed`.
 *
 * A reader of our own, for those on npm trust lengths (five bytes make them allocate an array of millions), know no
 * depth, and refuse or rename a key `__proto__`. Here a length is held against the bytes that are left before anything
 * is made of it.
 */
export function readMessagePack(bytes: Buffer): unknown {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  reader.end()
  return value
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed('something follows the value')
  }

  value(depth: number): unknown {
    const type = this.#uint(1)
    if (type < 0x80) return type
    if (type < 0x90) return this.#map(type & 0x0f, depth)
    if (type < 0xa0) return this.#array(type & 0x0f, depth)
    if (type < 0xc0) return this.#text(type & 0x1f)
    if (type >= 0xe0) return type - 0x100
    switch (type) {
      case 0xc0: return null
      case 0xc2: return false
      case 0xc3: return true
      case 0xca: return finite(this.#bytes.readFloatBE(this.#take(4)))
      case 0xcb: return finite(this.#bytes.readDoubleBE(this.#take(8)))
      case 0xcc: return this.#uint(1)
      case 0xcd: return this.#uint(2)
      case 0xce: return this.#uint(4)
      case 0xcf: return Number(this.#bytes.readBigUInt64BE(this.#take(8)))
      case 0xd0: return this.#bytes.readInt8(this.#take(1))
      case 0xd1: return this.#bytes.readInt16BE(this.#take(2))
      case 0xd2: return this.#bytes.readInt32BE(this.#take(4))
      case 0xd3: return Number(this.#bytes.readBigInt64BE(this.#take(8)))
      case 0xd9: return this.#text(this.#uint(1))
      case 0xda: return this.#text(this.#uint(2))
      case 0xdb: return this.#text(this.#uint(4))
      case 0xdc: return this.#array(this.#uint(2), depth)
      case 0xdd: return this.#array(this.#uint(4), depth)
      case 0xde: return this.#map(this.#uint(2), depth)
      case 0xdf: return this.#map(this.#uint(4), depth)
      default: throw malformed('it has bytes, an extension or a type that does not exist')
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, depth)
    const items: unknown[] = []
    for (let index = 0; index < length; index++) items.push(this.value(depth + 1))
    return items
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#enter(length * 2, depth)
    const map: Record<string, unknown> = {}
    for (let index = 0; index < length; index++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw malformed('a key is not a text')
      const value = this.value(depth + 1)
      // Assigned, this one would be the prototype.
      if (key === '__proto__') Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
      else map[key] = value
    }
    return map
  }

  #enter(items: number, depth: number): void {
    if (depth >= limits.depth) throw malformed(`it is nested more than ${limits.depth} levels deep`)
    // Every item takes a byte at least.
    if (items > this.#bytes.length - this.#at) throw malformed('it ends too early')
  }

  #text(length: number): string {
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  #uint(length: number): number {
    return this.#bytes.readUIntBE(this.#take(length), length)
  }

  /** Index of the next bytes, which are there. */
  #take(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw malformed('it ends too early')
    this.#at = start + length
    return start
  }
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw malformed('a number is not finite')
  return value
}

function malformed(reason: string): ClusterError {
  return new ClusterError('malformed', `Cannot read MessagePack: ${reason}`)
}
