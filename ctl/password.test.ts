import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import { Arguments } from '../lib/cli/arguments.ts'
import type { Input } from '../lib/cli/secret-input.ts'
import { newPassword } from './password.ts'

class Terminal extends PassThrough {
  readonly isTTY = true
  readonly modes: boolean[] = []

  setRawMode(isRaw: boolean): void {
    this.modes.push(isRaw)
  }
}

function ask(stdin: Input, isPiped: boolean) {
  const asked: string[] = []
  const args = new Arguments(new Map(), new Map(isPiped ? [['password-stdin', true]] : []))
  const outcome = newPassword({ args, stdin, ask: (text) => { asked.push(text) } }, 'ann').then((password) => password, (error: Error) => error.message)
  return { outcome, asked }
}

describe('newPassword', () => {
  function typed(...pieces: readonly string[]) {
    const terminal = new Terminal()
    const { outcome, asked } = ask(terminal, false)
    for (const piece of pieces) terminal.write(piece)
    return { terminal, outcome, asked }
  }

  it('is typed twice at the terminal, unseen', async () => {
    const { terminal, outcome, asked } = typed('long ', 'secret\r', 'long secret\r')
    expect(await outcome).to.equal('long secret')
    expect(asked).to.deep.equal(['Password for ann: ', '\n', 'Once more: ', '\n'])
    expect(terminal.modes).to.deep.equal([true, false])
  })

  it('may be corrected while it is typed', async () => {
    expect(await typed('wrong\x15a sekk\x7fr\bret😀x\x7f\n', 'a sekret😀\n').outcome).to.equal('a sekret😀')
  })

  it('is refused when the two differ, nothing is typed or too little, and the terminal is as before', async () => {
    for (const [pieces, message] of [[['password\r', 'passwort\r'], /differ/], [['\r'], /empty/], [['7 signs\r'], /too short.* 8 /], [['😀😀😀😀\r'], /too short/], [['\x04'], /empty/]] as const) {
      const { terminal, outcome } = typed(...pieces)
      expect(await outcome).to.match(message)
      expect(terminal.modes).to.deep.equal([true, false])
    }
  })

  it('is empty when the terminal goes away', async () => {
    const terminal = new Terminal()
    const { outcome } = ask(terminal, false)
    terminal.end()
    expect(await outcome).to.match(/empty/)
  })

  it('is not asked for where there is no terminal', async () => {
    expect(await ask(new PassThrough(), false).outcome).to.match(/--password-stdin/)
  })

  function piped(...pieces: readonly (string | Buffer)[]): Promise<string> {
    const stdin = new PassThrough()
    const { outcome, asked } = ask(stdin, true)
    for (const piece of pieces) stdin.write(piece)
    stdin.end()
    expect(asked).to.deep.equal([])
    return outcome
  }

  it('is all of stdin but the line end, when it is piped', async () => {
    expect(await piped('a secret\n')).to.equal('a secret')
    expect(await piped('a sec', 'ret')).to.equal('a secret')
    expect(await piped(' with blanks \r\n')).to.equal(' with blanks ')
    const bytes = Buffer.from('pässword')
    expect(await piped(bytes.subarray(0, 2), bytes.subarray(2))).to.equal('pässword')
  })

  it('is refused when what is piped is empty, too short, several lines or very long', async () => {
    expect(await piped('')).to.match(/empty/)
    expect(await piped('\n')).to.match(/empty/)
    expect(await piped('x\n')).to.match(/too short/)
    expect(await piped('a\nb\n')).to.match(/several lines/)
    expect(await piped('x'.repeat(10_000))).to.match(/too long/)
  })
})
