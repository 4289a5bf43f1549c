import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import type { Input } from '../../lib/cli/secret-input.ts'
import { joinToken } from './join-token.ts'

class Terminal extends PassThrough {
  readonly isTTY = true
  setRawMode(): void {}
}

describe('joinToken', () => {
  function ask(sources: Partial<Parameters<typeof joinToken>[0]>, stdin: Input = new PassThrough()) {
    const asked: string[] = []
    const token = joinToken({ tokenStdin: false, env: {}, stdin, ask: (text) => { asked.push(text) }, ...sources })
    return { asked, outcome: token.then((text) => text, (error: Error) => error.message) }
  }

  it('is the one in the command line, else that of the environment', async () => {
    expect(await ask({ token: 'a', env: { CORRAL_JOIN_TOKEN: 'b' } }).outcome).to.equal('a')
    expect(await ask({ env: { CORRAL_JOIN_TOKEN: ' b\n' } }).outcome).to.equal('b')
  })

  it('is typed or pasted at the terminal, unseen', async () => {
    const terminal = new Terminal()
    const { asked, outcome } = ask({}, terminal)
    terminal.write(' corral_x\r')
    expect(await outcome).to.equal('corral_x')
    expect(asked).to.deep.equal(['Join token: ', '\n'])
    const silent = new Terminal()
    const nothing = ask({}, silent)
    silent.write('\r')
    expect(await nothing.outcome).to.match(/is empty/)
  })

  it('is what is piped in, when that is asked for', async () => {
    const piped = (text: string, token?: string): Promise<string> => {
      const stdin = new PassThrough()
      stdin.end(text)
      return ask({ tokenStdin: true, env: { CORRAL_JOIN_TOKEN: 'b' }, ...(token === undefined ? {} : { token }) }, stdin).outcome
    }
    expect(await piped('corral_x\n')).to.equal('corral_x')
    expect(await piped('')).to.match(/token on stdin is empty/)
    expect(await piped('x', 'y')).to.match(/leave out --token-stdin/)
  })

  it('is asked of nobody where there is no terminal', async () => {
    expect(await ask({}).outcome).to.match(/--token-stdin, or set CORRAL_JOIN_TOKEN/)
    expect(await ask({ env: { CORRAL_JOIN_TOKEN: '' } }).outcome).to.match(/missing/)
  })
})
