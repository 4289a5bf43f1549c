import { expect } from 'chai'
import { PassThrough, Writable } from 'node:stream'
import { createLogger } from './create-logger.ts'
import { silentLogger } from './logger.ts'
import { stderrLogger } from './stderr-logger.ts'

const now = () => new Date('2026-11-21T04:00:00.000Z')

function linesOf(stream: PassThrough): string[] {
  return String(stream.read() ?? '').split('\n').slice(0, -1)
}

for (const [name, create] of [
  ['createLogger', (stream: Writable) => createLogger({ level: 'info', format: 'text', stream, now })],
  ['stderrLogger', (stream: Writable) => stderrLogger({ level: 'info', stream, now })],
] as const) {
  describe(name, () => {
    it('writes its level and what is graver, one line each', () => {
      const stream = new PassThrough()
      const log = create(stream)
      log.error('e')
      log.warn('w')
      log.info('i', { a: 1 })
      log.debug('d')
      expect(linesOf(stream)).to.deep.equal([
        '2026-11-21T04:00:00.000Z error e',
        '2026-11-21T04:00:00.000Z warn  w',
        '2026-11-21T04:00:00.000Z info  i a=1',
      ])
    })

    it('gives children their fields, which a line\'s own override', () => {
      const stream = new PassThrough()
      const log = create(stream).child({ slave: 'alpha', run: 1 }).child({ run: 2 })
      log.info('m')
      log.info('m', { slave: 'beta' })
      expect(linesOf(stream).map((line) => line.slice(31))).to.deep.equal(['m slave=alpha run=2', 'm slave=beta run=2'])
    })

    it('keeps fields named like winston\'s own as fields', () => {
      const stream = new PassThrough()
      create(stream).info('m', { message: 'x', level: 'error', stack: 's', splat: [1] })
      expect(linesOf(stream)[0]?.slice(25)).to.equal('info  m message=x level=error stack=s splat=[1]')
    })
  })
}

describe('createLogger', () => {
  it('writes JSON when asked to', () => {
    const stream = new PassThrough()
    createLogger({ level: 'debug', format: 'json', stream, now }).debug('m', { token: 'hunter2' })
    expect(JSON.parse(linesOf(stream)[0] ?? '')).to.deep.equal({ time: '2026-11-21T04:00:00.000Z', level: 'debug', message: 'm', token: '******' })
  })

  it('drops lines for a reader that is too slow, counts them, and goes on when it reads again', async () => {
    const stream = new PassThrough()
    const log = createLogger({ level: 'info', format: 'text', stream, now })
    for (let line = 0; line < 1_000; line++) log.info('x'.repeat(4_000))
    expect(stream.writableLength + stream.readableLength).to.be.below(1.2 * 1024 * 1024)
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
    while (stream.writableLength > 0) await new Promise((resolve) => setImmediate(resolve))
    log.info('back')
    await new Promise((resolve) => setImmediate(resolve))
    expect(text.trimEnd().split('\n').at(-1)).to.match(/info {2}back dropped_lines=\d{3}$/)
  })

  it('survives a stream that fails', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
    const log = createLogger({ level: 'info', format: 'text', stream, now })
    log.info('a')
    await new Promise((resolve) => setImmediate(resolve))
    log.info('b')
    await new Promise((resolve) => setImmediate(resolve))
    expect(stream.errored).to.have.property('message', 'EPIPE')
  })

  it('can be made often on one stream', () => {
    const stream = new PassThrough()
    for (let time = 0; time < 50; time++) createLogger({ level: 'info', format: 'text', stream, now })
    expect(stream.listenerCount('error')).to.be.below(2)
  })
})

describe('silentLogger', () => {
  it('takes everything, gives children that do, and says none of it', () => {
    const { write: toOutput } = process.stdout
    const { write: toErrors } = process.stderr
    const said: unknown[] = []
    const note = (chunk: unknown): boolean => said.push(chunk) > 0
    Object.assign(process.stdout, { write: note })
    Object.assign(process.stderr, { write: note })
    try {
      for (const log of [silentLogger, silentLogger.child({ a: 1 })]) {
        for (const level of ['error', 'warn', 'info', 'debug'] as const) log[level]('m', { b: 2 })
      }
    } finally {
      Object.assign(process.stdout, { write: toOutput })
      Object.assign(process.stderr, { write: toErrors })
    }
    expect(said).to.deep.equal([])
    expect(silentLogger.child({ a: 1 })).to.have.all.keys(Object.keys(silentLogger))
  })
})
