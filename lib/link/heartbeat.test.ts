import { expect } from 'chai'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { withDeadline } from '../net/with-deadline.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { Heartbeat } from './heartbeat.ts'

/** A heartbeat whose beats and end can be awaited; the event loop is kept alive, for its timers do not. */
function heartbeat(cleanups: Cleanups, settings: { heartbeatMs: number; heartbeatTimeoutMs: number }, onBeat: (beat: Heartbeat) => void = () => {}) {
  const counts = { beats: 0 }
  let onDead: () => void = () => {}
  const dead = new Promise<void>((resolve) => { onDead = resolve })
  const beat: Heartbeat = new Heartbeat({
    beat: () => {
      counts.beats += 1
      onBeat(beat)
    },
    dead: () => {
      beat.close()
      onDead()
    },
  }, settings)
  const alive = setInterval(() => {}, 1_000)
  cleanups.add(() => { beat.close(); clearInterval(alive) })
  const soon = (): Promise<void> => withDeadline(dead, 5_000, () => new ClusterError('deadline', 'The peer was not found dead'))
  return { beat, counts, soon }
}

describe('Heartbeat', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('beats at the interval and finds a silent peer dead after the timeout', async () => {
    const started = performance.now()
    const { counts, soon } = heartbeat(cleanups, { heartbeatMs: 10, heartbeatTimeoutMs: 60 })
    await soon()
    expect(performance.now() - started).to.be.above(55)
    expect(counts.beats).to.be.above(1)
  })

  it('lets a peer live that is heard', async () => {
    const { counts, soon } = heartbeat(cleanups, { heartbeatMs: 10, heartbeatTimeoutMs: 45 }, (beat) => {
      if (counts.beats < 12) beat.heard()
    })
    await soon()
    expect(counts.beats).to.be.at.least(12)
  })

  it('gives a peer the time to answer, however short the timeout is', async () => {
    for (const heartbeatTimeoutMs of [10, 20, 30]) {
      const { counts, soon } = heartbeat(cleanups, { heartbeatMs: 20, heartbeatTimeoutMs }, (beat) => {
        if (counts.beats < 5) setTimeout(() => beat.heard(), 5)
      })
      await soon()
      expect(counts.beats, `${heartbeatTimeoutMs} ms`).to.be.at.least(5)
    }
  })

  it('reads what waits to be read before it judges', async () => {
    const server = createServer()
    server.listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    cleanups.add(() => server.close())
    const accepted = once(server, 'connection')
    const peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [socket] = await accepted as [Socket]
    cleanups.add(() => { peer.destroy(); socket.destroy() })
    const { counts, soon, beat } = heartbeat(cleanups, { heartbeatMs: 20, heartbeatTimeoutMs: 40 }, () => {
      if (counts.beats !== 1) return
      // Between here and the next beat nothing is read, although it came in time.
      setImmediate(() => {
        peer.write('here')
        const until = performance.now() + 60
        while (performance.now() < until);
      })
    })
    socket.on('data', () => beat.heard())
    await soon()
    // Heard at the second beat, silent at two more.
    expect(counts.beats).to.be.at.least(4)
  })

  it('does not hold it against the peer that this process stood still', async () => {
    const { beat, counts, soon } = heartbeat(cleanups, { heartbeatMs: 10, heartbeatTimeoutMs: 60 }, () => {
      if (counts.beats === 1) {
        const until = performance.now() + 200
        while (performance.now() < until);
      } else if (counts.beats === 2) beat.heard()
    })
    await soon()
    expect(counts.beats).to.be.above(2)
  })
})
