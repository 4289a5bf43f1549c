import { instanceOutput, instanceOutputCut, listRuns, readConsole, setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import type { EventOf } from '../../lib/link/define.ts'
import type { InstanceInfo } from '../../lib/link/messages/instances.ts'
import { findInstance } from '../commands/instance/find.ts'
import type { Connection } from '../connection.ts'
import type { Context } from '../context.ts'
import { exitText } from './exit-text.ts'
import { ConsoleFollower } from './follower.ts'
import { LiveFollower } from './live-follower.ts'
import type { ConsoleSink, Follower, Start } from './ports.ts'

/** A console that is about to be followed. */
export interface OpenConsole {
  readonly master: Connection
  readonly instance: InstanceInfo
  readonly follower: Follower
}

/** Connects, finds the instance, and makes a follower of its console. */
export async function openConsole(context: Context, word: string, start: Start, isLive: boolean, write: ConsoleSink['write']): Promise<OpenConsole> {
  const { connect, note } = context
  const made: { follower?: Follower } = {}
  const master = await connect({
    listeners: [
      { definition: instanceOutput, take: (data) => made.follower?.take((data as EventOf<typeof instanceOutput>).output) },
      { definition: instanceOutputCut, take: () => made.follower?.cut() },
    ],
    connected: (isConnected) => {
      if (!made.follower) return
      note(isConnected ? 'the connection to the master is back' : 'the connection to the master was lost; trying to get it back')
      if (isConnected) made.follower.reconnected()
    },
    ended: (error) => made.follower?.fail(error),
  })
  const instance = await findInstance(master, word)
  const follower = followerOf(context, master, instance, start, isLive, write)
  made.follower = follower
  return { master, instance, follower }
}

function followerOf({ note }: Context, master: Connection, { id, name }: InstanceInfo, start: Start, isLive: boolean, write: ConsoleSink['write']): Follower {
  const subscribe = async (): Promise<void> => { await master.send(setInstanceOutputSubscriptions, { instance_ids: [id] }) }
  if (!master.isCorral) {
    const place = { run: 1, offset: 0 }
    return new LiveFollower({ subscribe, write: (bytes) => write(bytes, place), leftOut: (pieces) => note(`${pieces} lines came faster than they could be printed, and are lost`) })
  }
  return new ConsoleFollower({
    start, isLive,
    source: {
      subscribe,
      read: (query) => master.send(readConsole, { instance_id: id, ...query }),
      runs: async () => (await master.send(listRuns, { instance_id: id })).runs,
    },
    sink: {
      write,
      runEnded: (run, exit) => {
        if (isLive) note(`run ${run} ended: ${exit ? exitText(exit) : 'how is not known'}`)
      },
      gone: (from, to) => note(`output from run ${from.run}, byte ${from.offset} is no longer kept; going on at run ${to.run}, byte ${to.offset}`),
      interrupted: (error) => note(`the console of ${name} can't be read now, following goes on when it can: ${error.message}`),
    },
  })
}
