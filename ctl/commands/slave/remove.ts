import { usageError } from '../../../lib/cli/usage-error.ts'
import { listSlaves, removeSlave } from '../../../lib/link/messages/slaves.ts'
import type { SlaveInfo } from '../../../lib/link/messages/slaves.ts'
import { confirm } from '../../confirm.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl slave remove NAME... [--force [--yes]]` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listSlaves, {})
  const words = args.words('NAME')
  const force = args.flag('force')
  const resolutions = resolveAll('slave', list, words)
  const laden = force ? resolutions.flatMap((each) => ('target' in each && each.target.instances > 0 ? [each.target] : [])) : []
  if (laden.length > 0 && !args.flag('yes')) await expectSure(context, laden)
  const removed = await forEach(context, resolutions, 'removing', async ({ id, name }) => {
    await master.send(removeSlave, { slave_id: id, ...(force ? { force } : {}) })
    return { id, name, removed: true }
  }, ({ name }) => output.line(`${name}: removed`))
  await output.results(removed, words.length > 1)
}

/** Throws a usage error unless a person at the terminal says yes. */
async function expectSure(context: Context, laden: readonly SlaveInfo[]): Promise<void> {
  const slaves = laden.map(({ name, instances }) => `${name} (${instances === 1 ? '1 instance' : `${instances} instances`})`).join(', ')
  const warning = 'What runs there goes on, out of the cluster\'s reach until a slave joins from its data directory again; stop it first with `ctl slave drain NAME --stop`'
  if (!context.stdin.isTTY) throw usageError(`${slaves} would be removed. ${warning}. There is no terminal to ask at: give --yes if that is meant`)
  if (!await confirm(context, `${warning}.\nRemove ${slaves}?`)) throw usageError('Nothing was removed')
}
