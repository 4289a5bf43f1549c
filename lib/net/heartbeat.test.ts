import { expect } from 'chai'
import { Heartbeat } from './heartbeat.ts'

describe('Heartbeat', () => {
  const settings = { intervalMs: 20, timeoutMs: 30 }
  let heartbeat: Heartbeat | undefined
  afterEach(() => heartbeat?.stop())

  it('tells once that there is no answer in time', async () => {
    let pings = 0
    await new Promise<void>((resolve) => {
      heartbeat = new Heartbeat(settings, { ping: () => { pings += 1 }, lost: resolve })
    })
    expect(pings).to.be.at.least(1)
  })

  it('is content with a peer that answers', async () => {
    let pings = 0
    await new Promise<void>((resolve, reject) => {
      heartbeat = new Heartbeat(settings, {
        ping: () => {
          pings += 1
          setImmediate(() => heartbeat?.alive())
          if (pings === 10) resolve()
        },
        lost: () => reject(new Error('It was given up')),
      })
    })
  })

  it('takes an answer that came while this process stood still', async () => {
    let pings = 0
    await new Promise<void>((resolve, reject) => {
      const standStill = (): void => {
        // As of a socket: it is read after the timers that are due.
        setImmediate(() => heartbeat?.alive())
        const until = performance.now() + 100
        while (performance.now() < until) { /* Nothing else is done. */ }
      }
      heartbeat = new Heartbeat(settings, {
        ping: () => {
          pings += 1
          setTimeout(standStill, 1)
          if (pings === 3) resolve()
        },
        lost: () => reject(new Error('It was given up')),
      })
    })
  })

  it('says nothing any more once it is stopped', async () => {
    const said: string[] = []
    new Heartbeat(settings, { ping: () => said.push('ping'), lost: () => said.push('lost') }).stop()
    // Of another that began later as much has been heard as would have been of it.
    await new Promise<void>((resolve) => { heartbeat = new Heartbeat(settings, { ping: () => {}, lost: resolve }) })
    expect(said).to.deep.equal([])
  })
})
