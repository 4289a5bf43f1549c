import { usageError } from '../../../lib/cli/usage-error.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import type { ErrorCode } from '../../../lib/errors/codes.ts'
import { maxTail, sendRcon } from '../../../lib/link/messages/console.ts'
import { openConsole } from '../../console/open.ts'
import { sendLines } from '../../console/input.ts'
import { Quiet } from '../../console/quiet.ts'
import type { Context } from '../../context.ts'

const defaultTail = 20
/** What becomes of a request that ends so is not known. */
const unknownFates: readonly ErrorCode[] = ['link_closed', 'session_lost', 'slave_gone', 'deadline']
const maxQuotedLength = 40
const replyTimes = { settleMs: 500, mostMs: 5_000 }

/** `ctl instance console NAME` */
export async function run(context: Context): Promise<void> {
  const { args, output, fail } = context
  if (output.format !== 'table') throw usageError('A console is printed as it is; `ctl instance logs NAME -f -o json` gives it as JSON')
  const start = { tail: args.integer('tail', { max: maxTail }) ?? defaultTail }
  const quiet = new Quiet(replyTimes)
  const { master, instance, follower } = await openConsole(context, args.word('NAME'), start, true, (bytes) => {
    quiet.heard()
    return output.write(bytes)
  })
  const { stdin } = context
  // At a terminal the end of input is Ctrl-D: the operator leaves.
  const endsWithInput = stdin.isTTY === true || args.flag('exit-on-eof')
  const sending = sendLines(stdin, async (line) => {
    try {
      const { result } = await master.send(sendRcon, { instance_id: instance.id, command: line })
      if (result !== '') await output.write(result.endsWith('\n') ? result : `${result}\n`)
    } catch (error) {
      fail(error, unsentText(line, error))
    }
  }).then(async () => {
    if (!endsWithInput) return
    // Who leaves a terminal has seen what he waited for; a script waits for what its last line brings.
    if (!stdin.isTTY) await quiet.settled()
    follower.finish()
  })
  sending.catch((error: unknown) => fail(error, 'stdin'))
  try {
    await follower.run()
  } finally {
    stdin.destroy()
  }
}

function unsentText(line: string, error: unknown): string {
  const quoted = line.length > maxQuotedLength ? `${line.slice(0, maxQuotedLength)}…` : line
  return `${unknownFates.includes(ClusterError.from(error).code) ? 'may not have been sent' : 'not sent'}: ${JSON.stringify(quoted)}`
}
