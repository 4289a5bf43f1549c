import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { chmod, open, stat, truncate, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { RunOutput } from './output.ts'
import { exitOf, TestRuns, textOf, until, untilOutput } from './test-runs.ts'

const flood = `
  const fs = require('fs')
  const [lines, perWrite] = process.argv.slice(1).map(Number)
  for (let i = 0; i < lines; i += perWrite) {
    let text = ''
    for (let j = i; j < i + perWrite; j++) text += String(j).padStart(9) + ' a line of a game ü\\n'
    fs.writeSync(1, text)
  }`

interface TestFile {
  output: RunOutput
  path: string
  append: (data: string | Uint8Array) => Promise<void>
  reopen: () => Promise<RunOutput>
}

describe('RunOutput', () => {
  let runs: TestRuns
  let game: FileHandle | undefined
  beforeEach(() => { runs = new TestRuns() })
  afterEach(async () => {
    await game?.close()
    game = undefined
    await runs.close()
  })

  /** An output without a game: what the test appends is what the game has written. */
  async function file(limitBytes = 1e9): Promise<TestFile> {
    const { directory } = runs
    await writeFile(join(directory, 'out'), '')
    await writeFile(join(directory, 'head'), `${'0'.padStart(20)}\n`)
    await writeFile(join(directory, 'known'), `${'0'.padStart(20)} ${'0'.padStart(20)} ${'0'.padStart(20)}\n`)
    const reopen = () => RunOutput.open(directory, { limitBytes, onWarning: (text) => runs.warnings.push(text) })
    // Held open as a game does: the file becomes read-only when it is trimmed.
    const writer = game = await open(join(directory, 'out'), 'a')
    return { output: await reopen(), path: join(directory, 'out'), append: (data) => writer.appendFile(data), reopen }
  }

  function collect(output: RunOutput, from: number): { text: () => string; offsets: number[]; stop: () => void } {
    const chunks: Uint8Array[] = []
    const offsets: number[] = []
    const stop = output.follow(from, (offset, bytes) => {
      offsets.push(offset)
      chunks.push(bytes)
    })
    return { text: () => Buffer.concat(chunks).toString(), offsets, stop }
  }

  async function goneHead(promise: Promise<unknown>): Promise<number> {
    const error = await promise.then(() => undefined, (thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(ClusterError)
    expect((error as ClusterError).code).to.equal('console_gone')
    return (error as ClusterError).details['head'] as number
  }

  it('reads from any offset, also in the middle of a character, and nothing at the end', async () => {
    const run = await runs.shell('printf "größe €\\n"; printf err >&2')
    await exitOf(run)
    expect(run.output.end).to.equal(15)
    const first = await run.output.read(0, 3)
    const rest = await run.output.read(3, 100)
    expect(Buffer.concat([first.bytes, rest.bytes]).toString()).to.equal('größe €\nerr')
    expect((await run.output.read(15, 10)).bytes.length).to.equal(0)
  })

  it('gives a follower every byte from its offset on, and followers at different places each their own', async () => {
    const { output, append } = await file()
    await append('one two ')
    const all = collect(output, 0)
    output.refresh()
    const late = collect(output, 4)
    await output.drained()
    await append('three')
    output.refresh()
    await output.drained()
    late.stop()
    await append(' four')
    output.refresh()
    await output.drained()
    expect(all.text()).to.equal('one two three four')
    expect(late.text()).to.equal('two three')
    expect(all.offsets[0]).to.equal(0)
    expect(late.offsets[0]).to.equal(4)
    await output.close()
  })

  it('refuses to follow from an offset that is still to come', async () => {
    const { output } = await file()
    expect(() => output.follow(1, () => {})).to.throw(ClusterError).with.property('code', 'invalid_request')
    await output.close()
  })

  it('survives a listener that throws, and serves the others', async () => {
    const { output, append } = await file()
    output.follow(0, () => { throw new Error('faulty listener') })
    const other = collect(output, 0)
    await append('text')
    output.refresh()
    await output.drained()
    expect(other.text()).to.equal('text')
    expect(runs.warnings.join()).to.include('faulty listener')
    await output.close()
  })

  it('finds where the last lines begin', async () => {
    const { output, append } = await file()
    expect(await output.tailOffset(5)).to.equal(0)
    await append('a\nbb\nccc\n')
    expect(await output.tailOffset(1)).to.equal(5)
    expect(await output.tailOffset(2)).to.equal(2)
    expect(await output.tailOffset(3)).to.equal(0)
    expect(await output.tailOffset(9)).to.equal(0)
    expect(await output.tailOffset(0)).to.equal(9)
    await append('open')
    expect(await output.tailOffset(1)).to.equal(9)
    expect(await output.tailOffset(9, 7), 'the first whole line of the last 7 bytes').to.equal(9)
    await append(`\n${'x'.repeat(200_000)}\nend\n`)
    expect(await output.tailOffset(2)).to.equal(14)
    await output.close()
  })

  it('passes binary output on as it is', async () => {
    const run = await runs.launch([process.execPath, '-e', 'process.stdout.write(Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256)))'])
    const seen = collect(run.output, 0)
    await exitOf(run)
    const { bytes } = await run.output.read(0, 100_000)
    expect(bytes.length).to.equal(70_000)
    expect(bytes.every((byte, i) => byte === i % 256)).to.equal(true)
    expect(seen.offsets[0]).to.equal(0)
  })

  it('loses and doubles nothing of 200,000 lines that come one write each', async () => {
    const run = await runs.launch([process.execPath, '-e', flood, '200000', '1'])
    let next = 0
    let rest = ''
    const decoder = new TextDecoder()
    run.output.follow(0, (_offset, bytes) => {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line !== `${String(next).padStart(9)} a line of a game ü`) throw new Error(`line ${next} is ${line}`)
        next += 1
      }
    })
    await exitOf(run)
    expect(runs.warnings).to.deep.equal([])
    expect(next).to.equal(200_000)
  })

  it('takes 100 MB without a newline in small pieces and keeps the loop alive', async () => {
    const run = await runs.launch([process.execPath, '-e', 'const b = Buffer.alloc(1e6, 120); for (let i = 0; i < 100; i++) require("fs").writeSync(1, b)'],
      { consoleLimitBytes: 1e9 })
    let seen = 0
    let largest = 0
    run.output.follow(0, (_offset, bytes) => {
      seen += bytes.length
      largest = Math.max(largest, bytes.length)
    })
    await exitOf(run)
    expect(seen).to.equal(100e6)
    expect(largest).to.be.at.most(64 * 1024)
  })

  it('bounds the disk use, keeps offsets valid and shows no reader a hole', async () => {
    const limitBytes = 2 * 1024 * 1024
    const run = await runs.launch([process.execPath, '-e', flood, '600000', '100'], { consoleLimitBytes: limitBytes })
    let holes = 0
    let ended = false
    void exitOf(run).then(() => { ended = true })
    while (!ended) {
      const { head, end } = run.output
      const at = head + Math.floor(Math.random() * (end - head))
      const bytes = await run.output.read(at, 1000).then((result) => result.bytes, (error: ClusterError) => {
        expect(error.code).to.equal('console_gone')
        return new Uint8Array()
      })
      if (bytes.includes(0)) holes += 1
    }
    expect(holes).to.equal(0)
    expect(run.output.end).to.equal(600_000 * 30)
    await until(async () => (await stat(join(runs.directory, 'instances/1/runs/1/out'))).blocks * 512 < limitBytes * 1.1)
    await until(() => run.output.end - run.output.head <= limitBytes)
    expect(run.output.end - run.output.head).to.be.within(limitBytes / 4, limitBytes)
    const { head } = run.output
    expect(await goneHead(run.output.read(0, 10))).to.equal(head)
    expect(() => run.output.follow(head - 1, () => {})).to.throw(ClusterError).with.property('code', 'console_gone')
    const offsets: number[] = []
    run.output.follow(0, (offset) => offsets.push(offset), { skipsGone: true })
    await run.output.drained()
    expect(offsets[0]).to.equal(head)
    const tail = await run.output.tailOffset(1)
    expect(await textOf(run, tail)).to.equal('   599999 a line of a game ü\n')
    expect(runs.warnings).to.deep.equal([])
  }).timeout(20_000)

  it('remembers its head and end for the next slave', async () => {
    const { output, append, reopen } = await file(100_000)
    await append(Buffer.alloc(90_000, 'x\n'))
    output.refresh()
    const { head } = output
    expect(head).to.equal(40_000)
    await output.close()
    const next = await reopen()
    expect([next.head, next.end]).to.deep.equal([40_000, 90_000])
    await next.close()
  })

  it('never gives an offset twice when a game truncates its output', async () => {
    const { output, path, append, reopen } = await file()
    await append('one two')
    output.refresh()
    const seen = collect(output, 0)
    await output.drained()
    await truncate(path)
    output.refresh()
    await append('three')
    output.refresh()
    await output.drained()
    expect(seen.text()).to.equal('one twothree')
    expect([output.head, output.end]).to.deep.equal([7, 12])
    expect(await goneHead(output.read(0, 5))).to.equal(7)
    await output.close()
    await truncate(path)
    const next = await reopen()
    await append('four')
    expect(Buffer.from((await next.read(12, 10)).bytes).toString()).to.equal('four')
    await next.close()
  })

  it('warns once where holes cannot be punched, and goes on with everything kept', async () => {
    const { output, append } = await file(1000)
    const before = process.env['PATH']
    // Without fallocate it is as if the file system had no holes.
    process.env['PATH'] = ''
    try {
      for (let i = 0; i < 3; i++) {
        await append('x'.repeat(2000))
        output.refresh()
        await until(() => runs.warnings.length > 0)
        await until(() => output.head === 0)
      }
      expect(runs.warnings.length).to.equal(1)
      expect((await output.read(0, 9000)).bytes.length).to.equal(6000)
    } finally {
      process.env['PATH'] = before
    }
    await output.close()
  })

  it('keeps what was written before a game\'s writes failed', async () => {
    // /dev/full answers every write as a full disk does.
    const run = await runs.shell('echo before; exec >/dev/full; echo lost; exit 7')
    expect((await exitOf(run)).code).to.equal(7)
    expect(await textOf(run)).to.match(/^before\n/)
  })

  it('follows within a second what a quiet game writes', async () => {
    const run = await runs.shell('while read -r x; do echo "$x"; done')
    await run.write('ping')
    expect(await untilOutput(run, 'ping\n', 0, 1_000)).to.equal('ping\n')
  })

  it('leaves the file read-only, so that a program that opens stderr anew cannot wipe it', async () => {
    const { output, path, append } = await file(1000)
    await chmod(path, 0o600)
    await append('x'.repeat(2000))
    output.refresh()
    await until(async () => ((await stat(path)).mode & 0o777) === 0o400)
    expect(readFileSync(path).subarray(0, 1).toString()).to.equal('\0')
    await output.close()
  })
})
