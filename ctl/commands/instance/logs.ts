import { usageError } from '../../../lib/cli/usage-error.ts'
import { listRuns, maxTail } from '../../../lib/link/messages/console.ts'
import { encodeBytes } from '../../../lib/link/console-bytes.ts'
import { openConsole } from '../../console/open.ts'
import { exitText } from '../../console/exit-text.ts'
import type { ConsoleSink } from '../../console/ports.ts'
import type { Context } from '../../context.ts'
import { findInstance } from './find.ts'
import { timeText } from '../../output/time-text.ts'

/** `ctl instance logs NAME [--run N] [--from OFFSET] [--tail LINES] [-f] [--runs]` */
export async function run(context: Context): Promise<void> {
  const { args, output } = context
  if (args.flag('runs')) return printRuns(context)
  const [runNumber, from, tail] = [args.integer('run', { min: 1 }), args.integer('from'), args.integer('tail', { max: maxTail })]
  if (from !== undefined && tail !== undefined) throw usageError('Give --from or --tail, not both')
  if (output.format === 'yaml') throw usageError('Output is printed as it is, or with -o json as one object a line; not as YAML')
  const asJson: ConsoleSink['write'] = (bytes, { run: number, offset }) => output.write(`${JSON.stringify({ run: number, offset, ...encodeBytes(bytes) })}\n`)
  const write: ConsoleSink['write'] = output.format === 'json' ? asJson : (bytes) => output.write(bytes)
  const { follower } = await openConsole(context, args.word('NAME'), { run: runNumber, from, tail }, args.flag('follow'), write)
  await follower.run()
}

async function printRuns({ args, connect, output }: Context): Promise<void> {
  const master = await connect()
  const { id, name } = await findInstance(master, args.word('NAME'))
  const { runs } = await master.send(listRuns, { instance_id: id })
  await output.list(runs, [
    { title: 'RUN', value: ({ run: number }) => number, align: 'right' },
    { title: 'STARTED', value: ({ started_at: startedAt }) => timeText(startedAt) },
    { title: 'FIRST KEPT BYTE', value: ({ head }) => head, align: 'right' },
    { title: 'END', value: ({ end }) => end, align: 'right' },
    { title: 'ENDED', value: ({ exit }) => timeText(exit?.at) },
    { title: 'HOW', value: ({ exit }) => exit && exitText(exit) },
  ], `${name} has not run yet. Start it with \`ctl instance start ${name}\`.`)
}
