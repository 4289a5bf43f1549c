import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import { logLines } from './log-lines.ts'

describe('logLines', () => {
  async function linesOf(pieces: readonly string[], now: () => number = () => 0): Promise<string[]> {
    const stream = new PassThrough()
    const lines: string[] = []
    logLines(stream, (line) => lines.push(line), now)
    for (const piece of pieces) stream.write(piece)
    stream.end()
    await new Promise((resolve) => { stream.once('close', resolve) })
    return lines
  }

  it('joins pieces to lines, drops empty ones, and has the last one too', async () => {
    expect(await linesOf(['a', 'b\nc\r\n', '\n  \n', 'd'])).to.deep.equal(['ab', 'c', 'd'])
  })

  it('keeps the beginning of a line without end, and little memory', async () => {
    const [line] = await linesOf(Array.from({ length: 1_000 }, () => 'x'.repeat(1_000)))
    expect(line).to.equal('x'.repeat(2_000))
  })

  it('leaves out what is more than a log can bear, and says how much', async () => {
    let ms = 0
    const lines = await linesOf([...Array.from({ length: 150 }, (_, index) => `${index}\n`), 'last\n'], () => (ms += 9))
    expect(lines).to.include('… 11 lines left out')
    expect(lines.at(-1)).to.equal('last')
  })
})
