import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import { acquireDataLock } from './data-lock.ts'

describe('acquireDataLock', () => {
  let directory: string
  beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'corral-lock-')) })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  async function refusal(): Promise<ClusterError> {
    const error = await acquireDataLock(directory).then(() => undefined, (thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(ClusterError)
    return error as ClusterError
  }

  it('lets one slave at a time work in a directory', async () => {
    const lock = await acquireDataLock(directory)
    const error = await refusal()
    expect(error.code).to.equal('data_directory_in_use')
    expect(error.details['pid']).to.equal(process.pid)
    await lock.release()
    await (await acquireDataLock(directory)).release()
  })

  it('is free at once when its slave is killed, and not before', async () => {
    const script = `import { acquireDataLock } from '${new URL('data-lock.ts', import.meta.url).href}'
      await acquireDataLock(process.argv[1]); console.log('locked'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(holder.stdout, 'data')
      const error = await refusal()
      expect(error.message).to.include(`process ${holder.pid}`)
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
    await (await acquireDataLock(directory)).release()
  })
})
