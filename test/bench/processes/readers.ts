// Followers of a real game's console.
import { once } from 'node:events'
import type { Link } from '../../../lib/link/link.ts'
import { sendRcon } from '../../../lib/link/messages/console.ts'
import { answerCommands } from '../harness/answer-commands.ts'
import { ConsoleReader } from '../harness/console-reader.ts'
import { connectControl } from '../harness/peers.ts'

const readers: ConsoleReader[] = []
let control: Link | undefined

answerCommands({
  async follow({ url, token, instanceId, followers }: { url: string; token: string; instanceId: number; followers: number }) {
    control ??= await connectControl(url, 'session', token)
    while (readers.length < followers) {
      const reader = new ConsoleReader(instanceId)
      await reader.follow(await connectControl(url, 'session', token, reader.owner))
      readers.push(reader)
    }
  },

  /** Lets the game print lines, and is done when each follower has them all. */
  async flood({ instanceId, lines, deadlineMs }: { instanceId: number; lines: number; deadlineMs: number }) {
    const all = Promise.all(readers.map((reader) => reader.flooded(lines)))
    const began = performance.now()
    await control?.send(sendRcon, { instance_id: instanceId, command: `flood ${lines}` })
    const late = AbortSignal.timeout(deadlineMs)
    await Promise.race([all, once(late, 'abort')])
    return {
      seconds: (performance.now() - began) / 1_000,
      lost: readers.reduce((sum, { lost }) => sum + lost, 0),
      misplaced: readers.reduce((sum, { misplaced }) => sum + misplaced, 0),
      reads: readers.reduce((sum, { reads }) => sum + reads, 0),
    }
  },
})
