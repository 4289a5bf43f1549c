import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'

const modules = { guard: new URL('guard.ts', import.meta.url).href, uncaught: new URL('uncaught.ts', import.meta.url).href }

/** A process with a plugin, which then runs some code. */
async function run(code: string): Promise<{ exit: unknown; out: string; err: string }> {
  const script = `
    import { PluginGuard } from '${modules.guard}'
    import { watchUncaught } from '${modules.uncaught}'
    const guard = new PluginGuard({ plugin: 'test', paths: ['/somewhere/plugin.js'], onFailure: ({ where, error, isFatal }) => console.log(where + ': ' + error.message + ' ' + isFatal) })
    watchUncaught(guard)
    process.on('beforeExit', () => console.log('alive'))
    ${code}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<unknown[]>])
  return { exit, out, err }
}

describe('An uncaught exception', () => {
  it('that a plugin has set off is the plugin\'s failure, and the process goes on', async () => {
    const { exit, out } = await run(`guard.run(() => {
      setTimeout(() => { throw new Error('timer') })
      void Promise.reject(new Error('promise'))
    })`)
    expect(exit).to.equal(0)
    expect(out).to.equal('unhandled rejection: promise true\nuncaught exception: timer true\nalive\n')
  })

  it('that has lost its context is known by the code that threw it', async () => {
    const { exit, out } = await run(`
      const error = new Error('lost')
      error.stack = 'Error: lost\\n    at x (node:events:1:1)\\n    at y (file:///somewhere/plugin.js:1:1)'
      setTimeout(() => { throw error })`)
    expect(exit).to.equal(0)
    expect(out).to.equal('uncaught exception: lost true\nalive\n')
  })

  it('of anything else ends the process, as it does without plugins', async () => {
    const ours = await run('setTimeout(() => { throw new Error("ours") })')
    expect(ours).to.include({ exit: 1, out: '' })
    expect(ours.err).to.match(/^Uncaught Error: ours\n {4}at /)
  })
})
