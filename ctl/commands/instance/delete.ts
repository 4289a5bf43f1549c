import { usageError } from '../../../lib/cli/usage-error.ts'
import { deleteInstance, listInstances } from '../../../lib/link/messages/instances.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { confirm } from '../../confirm.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { messageOf } from '../../report-error.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl instance delete NAME... [--yes] [--force]` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const isSure = args.flag('yes')
  if (!isSure && !context.stdin.isTTY) {
    throw usageError('Deleting an instance deletes its data, and there is no terminal to ask at: give --yes if that is meant')
  }
  const master = await connect()
  const { list } = await master.send(listInstances, {})
  const words = args.words('NAME')
  const resolutions = resolveAll('instance', list, words)
  const names = resolutions.flatMap((each) => ('target' in each ? [each.target.name] : []))
  if (!isSure && names.length > 0 && !await confirm(context, `Delete ${names.join(', ')} with all data?`)) {
    throw usageError('Nothing was deleted')
  }
  const force = args.flag('force')
  const deleted = await forEach(context, resolutions, 'deleting', async ({ id, name }) => {
    await master.send(deleteInstance, { instance_id: id, ...(force ? { force } : {}) }).catch((error: unknown) => { throw withAdvice(error) })
    return { id, name, deleted: true }
  }, ({ name }) => output.line(`${name}: deleted`))
  await output.results(deleted, words.length > 1)
}

function withAdvice(error: unknown): unknown {
  const known = ClusterError.from(error)
  if (known.code !== 'slave_not_connected') return error
  return new ClusterError(known.code, `${messageOf(known)}; with --force it is deleted here now, and there when the slave comes back`, { cause: error })
}
