// All clients of a benchmark: controls, a slave without games, followers; of the measured master and of the plain server.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Link } from '../../../lib/link/link.ts'
import { createToken } from '../../../lib/link/messages/cluster.ts'
import { instanceOutput, sendRcon } from '../../../lib/link/messages/console.ts'
import { instanceStateChanged } from '../../../lib/link/messages/instances.ts'
import { listSlaves } from '../../../lib/link/messages/slaves.ts'
import { answerCommands } from '../harness/answer-commands.ts'
import { percentile } from '../harness/benchmark.ts'
import type { SlaveIdentity } from '../harness/cluster.ts'
import { connectPlainFollower, HandmadeControl, inParallel } from '../harness/followers.ts'
import { connectControl, connectSlave, sampleState } from '../harness/peers.ts'
import { PlainPeer } from '../harness/plain-peer.ts'

export type Target = 'plain' | 'session' | 'base'
export type Work = 'list' | 'relay' | 'durable'

export interface RequestLoad {
  readonly target: Target
  readonly work: Work
  readonly inFlight: number
  readonly seconds: number
}

const instanceId = 1
const bufferedLimit = 256 * 1_024

const links = new Map<Target, Link>()
let plain: PlainPeer | undefined
let slave: Link | undefined
let plainSlave: PlainPeer | undefined
let controls: HandmadeControl[] = []
/** A line for the console, and the answer to it. */
let text = ''
let counted = 0
let awaited = 0
let allCounted: () => void = () => {}
let changes = 0

function count(): void {
  counted += 1
  if (counted === awaited) allCounted()
}

/** How one request of a kind is made. */
function requester(target: Target, work: Work): () => Promise<unknown> {
  const data = { instance_id: instanceId, command: text }
  if (target === 'plain') {
    const peer = plain
    if (!peer) throw new Error('Not connected')
    return work === 'list' ? () => peer.request('list_slaves_request', {}) : () => peer.request('send_rcon_request', data)
  }
  const link = links.get(target)
  if (!link) throw new Error('Not connected')
  if (work === 'list') return () => link.send(listSlaves, {})
  if (work === 'relay') return () => link.send(sendRcon, data)
  return () => link.send(createToken, { name: `bench ${changes += 1}`, role: 'viewer' })
}

async function requests({ target, work, inFlight, seconds }: RequestLoad): Promise<Record<string, number>> {
  const ask = requester(target, work)
  const latencies: number[] = []
  let failed = 0
  const began = performance.now()
  const end = began + seconds * 1_000
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (let now = performance.now(); now < end;) {
      await ask().catch(() => { failed += 1 })
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }))
  return { count: latencies.length, failed, seconds: (performance.now() - began) / 1_000, p50: percentile(latencies, 50), p99: percentile(latencies, 99) }
}

/** Players with whom the data of a state has about so many bytes. */
function playersFor(length: number): string[] {
  return Array.from({ length: Math.max(2, Math.round((length - 170) / 12)) }, (_, index) => `player-${String(index).padStart(2, '0')}`)
}

/** Sends events as fast as the connection takes them, and is done when the last one has been received. */
async function events({ target, length, seconds }: { target: Target; length: number; seconds: number }): Promise<Record<string, number>> {
  const barrier = requester(target, 'relay')
  const players = playersFor(length)
  const peer = target === 'plain' ? plainSlave : slave?.channel
  const began = performance.now()
  const end = began + seconds * 1_000
  let sent = 0
  while (performance.now() < end) {
    for (let i = 0; i < 50; i += 1) {
      sent += 1
      const data = { instance_id: instanceId, state: { ...sampleState, players, ports: { game: 20_000 + (sent % 1_000) } } }
      if (target === 'plain') plainSlave?.send('instance_state_changed_event', data)
      else slave?.emit(instanceStateChanged, data)
    }
    do await nextTurn()
    while ((peer?.bufferedBytes ?? 0) > bufferedLimit)
  }
  // It is answered behind all that the slave has sent.
  await barrier()
  return { count: sent, seconds: (performance.now() - began) / 1_000 }
}

/** Lines for all followers, in bursts; the next burst follows when each has got the last. */
async function lines({ target, burst, length, followers, seconds }: { target: Target; burst: number; length: number; followers: number; seconds: number }): Promise<Record<string, number>> {
  const began = performance.now()
  const end = began + seconds * 1_000
  const line = 'a line of a game server '.repeat(50).slice(0, length - 120)
  let sent = 0
  while (performance.now() < end) {
    counted = 0
    awaited = burst * followers
    const done = new Promise<void>((resolve) => { allCounted = resolve })
    for (let i = 0; i < burst; i += 1) {
      const data = { instance_id: instanceId, output: { run: 1, offset: sent * 120, text: `${String(sent).padStart(10)} [12:34:56] ${line}\n` } }
      sent += 1
      if (target === 'plain') plainSlave?.send('instance_output_event', data)
      else slave?.emit(instanceOutput, data)
    }
    await done
  }
  return { count: sent * followers, seconds: (performance.now() - began) / 1_000 }
}

answerCommands({
  async connect({ url, token, plainUrl, targets }: { url: string; token: string; plainUrl?: string; targets: readonly Target[] }) {
    for (const target of targets) {
      if (target !== 'plain') links.set(target, await connectControl(url, target, token))
      else if (plainUrl !== undefined) plain = await PlainPeer.connect(plainUrl)
    }
  },

  /** Becomes the slave. */
  async slave({ url, plainUrl, identity }: { url: string; plainUrl?: string; identity: SlaveIdentity }) {
    slave = await connectSlave(url, identity, () => text)
    if (plainUrl === undefined) return
    plainSlave = await PlainPeer.connect(plainUrl, () => ({ result: text }))
    plainSlave.send('register_slave', {})
  },

  /** Sets the length of what is relayed, and of the answer. */
  setLength({ length }: { length: number }) {
    text = 'x'.repeat(length)
  },

  async followers({ target, url, token, followers }: { target: Target; url: string; token: string; followers: number }) {
    await inParallel(followers, 50, async () => {
      if (target === 'plain') return connectPlainFollower(url, count)
      const control = await HandmadeControl.connect(url, token)
      await control.request('set_instance_output_subscriptions', { instance_ids: [instanceId] })
      control.count('instance_output_event', count)
      controls.push(control)
    })
  },

  /** Connects controls, each of which registers and gets one answer. */
  async crowd({ url, token, size, atOnce }: { url: string; token: string; size: number; atOnce: number }) {
    const began = performance.now()
    await inParallel(size, atOnce, async () => {
      const control = await HandmadeControl.connect(url, token)
      controls.push(control)
      await control.request('list_slaves', {})
    })
    return { seconds: (performance.now() - began) / 1_000 }
  },

  disperse() {
    for (const control of controls) control.close()
    controls = []
  },

  requests, events, lines,
})
