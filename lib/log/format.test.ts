import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { formatJson, formatText } from './format.ts'
import type { LogFields } from './logger.ts'

const time = new Date('2026-11-21T04:00:00.000Z')
const text = (message: string, fields: LogFields = {}) => formatText({ time, level: 'info', message, fields })
const json = (message: string, fields: LogFields = {}) =>
  JSON.parse(formatJson({ time, level: 'info', message, fields })) as Record<string, unknown>

const escapeSequence = '\u001b[2J'
const hostile = `a\nb\rc\td${escapeSequence}\u0000\u007f\u009b1m\u2028\u2029\u202e\u2066`

describe('formatText', () => {
  it('writes time, padded level, message and fields', () => {
    expect(text('Slave connected', { slave: 'alpha', port: 8080, isNew: true, gone: undefined, none: null }))
      .to.equal('2026-11-21T04:00:00.000Z info  Slave connected slave=alpha port=8080 isNew=true none=null')
    expect(formatText({ time, level: 'error', message: 'x', fields: {} })).to.equal('2026-11-21T04:00:00.000Z error x')
  })

  it('quotes what could be taken for two words or another field', () => {
    expect(text('m', { a: 'two words', b: 'x=y', c: '', d: 'say "x"', 'e f': 1, g: ['x'], h: '{}' }))
      .to.match(/ m a="two words" b="x=y" c="" d="say \\"x\\"" "e f"=1 g=\["x"\] h="\{\}"$/)
  })

  it('stays on one line and sends nothing to the terminal, whatever message, names and values hold', () => {
    const line = text(hostile, { [hostile]: hostile, nested: { [hostile]: [hostile] }, error: new Error(hostile) })
    expect(line).not.to.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
    expect(text(hostile)).to.include('a\\nb\\rc\\td\\u001b[2J\\u0000\\u007f\\u009b1m\\u2028\\u2029\\u202e\\u2066')
  })

  it('leaves letters of all languages and emoji as they are', () => {
    expect(text('größe 日本 👩‍🚀', { name: 'żółw👩‍🚀' })).to.include('größe 日本 👩‍🚀 name=żółw👩‍🚀')
  })

  it('masks fields that are named like secrets, at any depth', () => {
    const line = text('m', {
      token: 'hunter2', rconPassword: 'hunter2', HTTP_AUTHORIZATION: 'hunter2', client_secret: { is: 'hunter2' },
      request: { headers: [{ authorization: 'hunter2' }] }, map: new Map([['password', 'hunter2']]),
      error: new ClusterError('forbidden', 'No', { details: { token: 'hunter2' } }),
    })
    expect(line).not.to.include('hunter2')
    expect(line).to.include(' token=******')
  })

  it('shows fields that only sound like secrets', () => {
    expect(text('m', { token_id: 't1', tokens: 3, hasPassword: true, secretary: 'x' })).to.match(/ token_id=t1 tokens=3 hasPassword=true secretary=x$/)
  })

  it('survives and bounds everything that can be thrown at it', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const broken = { get field(): never { throw new Error('no') } }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const line = text('m'.repeat(1_000_000), {
      cycle, broken, revoked: revoked.proxy, big: 2n ** 70n, symbol: Symbol('s'), fn: () => {}, nan: NaN, bytes: Buffer.alloc(1e6), date: new Date(NaN),
      long: 'x'.repeat(1_000_000), many: Array.from({ length: 10_000 }, (_, index) => index), set: new Set([1]),
    })
    expect(line.length).to.be.below(30_000)
    expect(line).to.include('bytes="(1000000 bytes)"').and.include('broken={"field":"(unprintable)"}').and.include('set=[1]')
  })

  it('tells our errors by code and others with their stack, both with their causes', () => {
    const line = text('m', { error: new ClusterError('internal', 'Went wrong', { cause: new TypeError('x is not a function') }) })
    expect(line).to.include('"code":"internal"').and.include('"message":"Went wrong"').and.include('"name":"TypeError"').and.include('format.test.ts')
  })
})

describe('formatJson', () => {
  it('is one JSON object with the fields beside time, level and message', () => {
    expect(json('Slave connected', { slave: 'alpha', port: 1 }))
      .to.deep.equal({ time: time.toISOString(), level: 'info', message: 'Slave connected', slave: 'alpha', port: 1 })
  })

  it('lets no field pass for the time, the level or the message', () => {
    expect(json('real', { message: 'forged', level: 'error', time: 0 })).to.deep.include({ message: 'real', level: 'info', message_: 'forged' })
  })

  it('keeps hostile texts exactly, yet escaped on the line', () => {
    expect(json(hostile, { name: hostile })).to.include({ message: hostile, name: hostile })
    expect(formatJson({ time, level: 'info', message: hostile, fields: {} })).not.to.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
  })

  it('masks secrets', () => {
    expect(json('m', { password: 'hunter2' })).to.include({ password: '******' })
  })
})
