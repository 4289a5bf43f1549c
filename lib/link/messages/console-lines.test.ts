import { expect } from 'chai'
import fc from 'fast-check'
import { encodeBytes } from '../console-bytes.ts'
import { consoleLines, OutputLine } from './console-lines.ts'
import type { InstanceOutput } from './console-output.ts'
import { fits } from '../validate.ts'

const exit = { at: '', code: 0, signal: null, reason: '' }

function output(offset: number, bytes: Uint8Array | string, more: Partial<InstanceOutput['output']> = {}, id = 1): InstanceOutput {
  return { instance_id: id, output: { run: 1, offset, ...encodeBytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes), ...more } }
}

function messagesOf(events: Iterable<object>): string[] {
  return [...events].map((event) => {
    expect(fits(OutputLine, event), JSON.stringify(event)).to.equal(true)
    return (event as OutputLine).output.message
  })
}

describe('Output in the base dialect', () => {
  it('is one event for each line, whatever the pieces are', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-zü]{0,5}$/), { maxLength: 20 }), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (lines, cuts) => {
      const stream = consoleLines.open()
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const sent: string[] = []
      for (let at = 0; at < bytes.length;) {
        const piece = bytes.subarray(at, at + (cuts.next().value ?? 1))
        sent.push(...messagesOf(stream.encode(output(at, piece))))
        at += piece.length
      }
      expect(sent).to.deep.equal(lines)
    }))
  })

  it('keeps the lines of several instances apart', () => {
    const stream = consoleLines.open()
    expect(messagesOf(stream.encode(output(0, 'on')))).to.deep.equal([])
    expect(messagesOf(stream.encode(output(0, 'two\nth', {}, 2)))).to.deep.equal(['two'])
    expect(messagesOf(stream.encode(output(2, 'e\r\n')))).to.deep.equal(['one'])
    expect(messagesOf(stream.encode(output(6, 'ree\n', {}, 2)))).to.deep.equal(['three'])
  })

  it('sends what has no line end at the end of the run, and before what does not continue it', () => {
    const stream = consoleLines.open()
    expect(messagesOf(stream.encode(output(0, 'begun')))).to.deep.equal([])
    expect(messagesOf(stream.encode(output(5, ' and ended', { exit })))).to.deep.equal(['begun and ended'])
    expect(messagesOf(stream.encode(output(0, 'begun')))).to.deep.equal([])
    expect(messagesOf(stream.encode(output(100, 'after a gap\n')))).to.deep.equal(['begun', 'after a gap'])
    expect(messagesOf(stream.encode(output(200, 'last')))).to.deep.equal([])
    expect(messagesOf(stream.encode(output(0, 'next run\n', { run: 2 })))).to.deep.equal(['last', 'next run'])
    expect(messagesOf(stream.encode(output(9, '', { run: 2, exit })))).to.deep.equal([])
  })

  it('cuts lines that are too long, between characters', () => {
    const text = `x${'ü'.repeat(50_000)}`
    const parts = messagesOf(consoleLines.open().encode(output(0, `${text}\n`)))
    expect(parts).to.have.length(2)
    expect(parts.join('')).to.equal(text)
  })

  it('comes with places that continue each other, and in a later run on a later connection', () => {
    const stream = consoleLines.open()
    const line = (message: string, more: Partial<OutputLine['output']> = {}): OutputLine =>
      ({ instance_id: 5, output: { source: 'stdout', received: 1, format: 'none', type: 'generic', message, ...more } })
    const first = stream.decode(line('Grüße') as never)
    const saved = line('saved', { time: '1.5', level: 'Info', file: 'Main.cpp:7', action: 'SAVE' })
    const second = stream.decode(saved as never)
    expect(first.output).to.include({ offset: 0, text: 'Grüße\n' })
    expect(second.output).to.deep.equal({ run: first.output.run, offset: 8, text: '1.5 Info Main.cpp:7: [SAVE] saved\n', line: saved.output })
    expect(first.output.run).to.be.within(Date.now() - 60_000, Date.now())
  })

  it('goes on to others of the dialect as it came, whatever is in it', () => {
    const [slave, control] = [consoleLines.open(), consoleLines.open()]
    const messages = ['z', '', '\r', 'with\nline\nends\n', 'ü'.repeat(70_000)]
    const events = messages.map((message, received): OutputLine => (
      { instance_id: 5, output: { source: 'stderr', received, format: 'date', type: 'log', time: '12:00', level: 'Warn', file: 'a.cpp:1', message } }
    ))
    for (const event of events) expect([...control.encode(slave.decode(event as never))]).to.deep.equal([event])
    expect(messagesOf(control.encode(output(0, 'begun', {}, 5)))).to.deep.equal([])
    const [event] = events
    expect(messagesOf(control.encode(slave.decode(event as never)))).to.deep.equal(['begun', 'z'])
  })
})
