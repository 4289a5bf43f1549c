import { usageError } from '../../../lib/cli/usage-error.ts'
import { drainSlave, listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { RequestOf, ResponseOf } from '../../../lib/link/define.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { timeText } from '../../output/time-text.ts'
import { resolveAll } from '../../resolve.ts'

type Drained = ResponseOf<typeof drainSlave> & { readonly name: string }

/** `ctl slave drain NAME... [--stop] [--message TEXT] [--grace DURATION]`, and `--off` to end it. */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const order = orderOf(context)
  const master = await connect()
  const { list } = await master.send(listSlaves, {})
  const words = args.words('NAME')
  const drained = await forEach(context, resolveAll('slave', list, words), 'draining', async ({ id, name }) => {
    return { id, name, ...await master.send(drainSlave, { slave_id: id, ...order }) }
  }, (slave) => output.line(textOf(slave)))
  await output.results(drained, words.length > 1)
}

function orderOf({ args }: Context): Omit<RequestOf<typeof drainSlave>, 'slave_id'> {
  const [stop, message, graceMs] = [args.flag('stop'), args.text('message'), args.durationMs('grace', '1d')]
  if (args.flag('off')) {
    if (stop || message !== undefined || graceMs !== undefined) throw usageError('--off ends draining; leave out --stop, --message and --grace')
    return { enabled: false }
  }
  if (graceMs !== undefined && !stop) throw usageError('--grace is the time until --stop; give both')
  return {
    enabled: true,
    ...(stop ? { stop } : {}),
    ...(message === undefined ? {} : { message }),
    ...(graceMs === undefined ? {} : { grace_ms: graceMs }),
  }
}

function textOf({ name, draining, running, stops_at: stopsAt }: Drained): string {
  if (!draining) return `${name}: not drained any more`
  const games = running === 1 ? '1 game runs' : `${running} games run`
  return `${name}: draining, ${games}${stopsAt === null ? '' : `; stopped at ${timeText(stopsAt)}`}`
}
