import { expect } from 'chai'
import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { ClusterError } from '../errors/cluster-error.ts'
import { Name } from './messages/shapes.ts'
import { check, fits } from './validate.ts'

function refusal(schema: TSchema, value: unknown): { code: string; message: string; field: unknown } {
  try {
    check(schema, value, 'create_thing')
  } catch (error) {
    if (error instanceof ClusterError) return { code: error.code, message: error.message, field: error.details.field }
    throw error
  }
  throw new Error('The value was accepted')
}

const Thing = Type.Object({
  name: Type.String({ minLength: 1 }),
  mode: Type.Optional(Type.Unsafe<string>({ enum: ['a', 'b'] })),
  parts: Type.Optional(Type.Array(Type.Object({ size: Type.Integer() }, { additionalProperties: false }))),
  value: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])),
}, { additionalProperties: false })

describe('check', () => {
  it('gives the value that fits', () => {
    const value = { name: 'x', mode: 'b', parts: [{ size: 1 }], value: null }
    expect(check(Thing, value, 'create_thing')).to.equal(value)
  })

  it('names the field that does not fit, in the text and in the details', () => {
    const cases: Array<[unknown, string, string]> = [
      [{}, 'create_thing: "name" is missing', 'name'],
      [{ name: '' }, 'create_thing: "name" must not be empty', 'name'],
      [{ name: 'x', color: 1 }, 'create_thing: unknown field "color"', 'color'],
      [{ name: 'x', mode: 'c' }, 'create_thing: "mode" must be one of a, b', 'mode'],
      [{ name: 'x', parts: [{ size: 1 }, { size: 'big' }] }, 'create_thing: "parts.1.size" must be integer', 'parts.1.size'],
      [{ name: 'x', parts: [{}] }, 'create_thing: "parts.0.size" is missing', 'parts.0.size'],
      [{ name: 'x', parts: [{ size: 1, 'a/b': 1 }] }, 'create_thing: unknown field "parts.0.a/b"', 'parts.0.a/b'],
      [{ name: 'x', value: [] }, 'create_thing: "value" must be string or number or null', 'value'],
      [[], 'create_thing: must be object', ''],
    ]
    for (const [value, message, field] of cases) expect(refusal(Thing, value)).to.deep.equal({ code: 'invalid_request', message, field })
  })

  it('says in words how large or long a value may be', () => {
    const text = (schema: TSchema, value: unknown): string => refusal(schema, value).message
    expect(text(Type.Integer({ minimum: 1, maximum: 9 }), 10)).to.equal('create_thing: must be from 1 to 9')
    expect(text(Type.Integer({ minimum: 1, maximum: 9 }), 0)).to.equal('create_thing: must be from 1 to 9')
    expect(text(Type.Integer({ minimum: 1 }), 0)).to.equal('create_thing: must be at least 1')
    expect(text(Type.Integer({ maximum: 9 }), 10)).to.equal('create_thing: must be at most 9')
    expect(text(Type.String({ minLength: 2 }), 'x')).to.equal('create_thing: must have at least 2 characters')
    expect(text(Type.String({ maxLength: 2 }), 'xyz')).to.equal('create_thing: must have at most 2 characters')
  })

  it('spells a field with a slash as its sender did', () => {
    const schema = Type.Object({ 'a/b': Type.Integer() })
    expect(refusal(schema, { 'a/b': 'x' })).to.include({ field: 'a/b' })
  })

  it('does not repeat a name of any length to its sender', () => {
    expect(refusal(Thing, { name: 'x', ['y'.repeat(100_000)]: 1 }).message).to.have.length.below(200)
  })

  it('says in words what a pattern asks for, with the code of the schema', () => {
    const schema = Type.Object({ name: Name })
    expect(refusal(schema, { name: 'are na' })).to.deep.equal({
      code: 'invalid_name',
      message: 'create_thing: "name" must have 1 to 63 letters, digits, `-` or `_`, start with a letter or digit, and be no number, not "are na"',
      field: 'name',
    })
    expect(() => check(schema, { name: '17' }, 'Answer', 'malformed')).to.throw(ClusterError).with.property('code', 'malformed')
  })

  it('throws another code where the caller says so', () => {
    expect(() => check(Thing, {}, 'Answer', 'malformed')).to.throw(ClusterError).with.property('code', 'malformed')
  })
})

describe('fits', () => {
  it('is not met by inherited properties', () => {
    expect(fits(Type.Object({ toString: Type.Any() }), {})).to.equal(false)
  })

  it('refuses __proto__ as an unknown field', () => {
    expect(fits(Thing, JSON.parse('{"name":"x","__proto__":{"admin":true}}'))).to.equal(false)
  })
})
