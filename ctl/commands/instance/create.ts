import { randomInt, randomUUID } from 'node:crypto'
import { usageError } from '../../../lib/cli/usage-error.ts'
import type { RequestOf } from '../../../lib/link/define.ts'
import { assignInstanceCommand, createInstance, startInstance } from '../../../lib/link/messages/instances.ts'
import type { InstanceInfo } from '../../../lib/link/messages/instances.ts'
import { listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { SlaveInfo } from '../../../lib/link/messages/slaves.ts'
import type { Connection } from '../../connection.ts'
import type { Context } from '../../context.ts'
import { resolve } from '../../resolve.ts'
import { deadlineOf, goesOnText, starting, statusText, stillGoingOn } from './control.ts'
import { findInstance } from './find.ts'

type NewInstance = RequestOf<typeof createInstance>

const largestForeignId = 2 ** 31 - 1

/** `ctl instance create NAME --template TEMPLATE …` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output, progress } = context
  const [name, template, policy] = [args.word('NAME'), args.text('template'), args.text('restart')]
  if (template === undefined) throw usageError('--template is missing; `ctl template list` has the templates')
  if (args.flag('wait') && !args.flag('start')) throw usageError('--wait goes with --start')
  const [variables, ports] = [args.assignments('set'), portsOf(args.assignments('port'))]
  const master = await connect()
  const slave = await chosenSlave(master, args.text('slave'))
  const request = {
    name,
    template,
    ...(slave === undefined ? {} : { slave_id: slave.id }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(Object.keys(ports).length > 0 ? { ports } : {}),
    ...(policy === undefined ? {} : { restart_policy: policy as 'never' | 'on-failure' | 'always' }),
  }
  const instance = await progress.during(`creating ${name}`, master.isCorral ? create(master, request) : createElsewhere(master, request))
  const { info, status } = args.flag('start') ? await start(context, master, instance) : { info: instance, status: undefined }
  await output.data(info, () => `${info.name}: created on ${slave?.name ?? info.slave ?? 'no slave'}${status === undefined ? '' : `, ${status}`}\n`)
}

async function create(master: Connection, request: NewInstance): Promise<InstanceInfo> {
  // With a key the master makes it once, even if the request reaches it twice.
  const { instance } = await master.send(createInstance, request, { key: randomUUID() })
  return instance ?? findInstance(master, request.name)
}

/** Masters of other makers leave the id to who creates the instance, and assign it to no slave by themselves. */
async function createElsewhere(master: Connection, { slave_id: slaveId, ...request }: NewInstance): Promise<InstanceInfo> {
  const id = randomInt(1, largestForeignId)
  await master.send(createInstance, { ...request, id, slave_id: null })
  if (typeof slaveId === 'number') await master.send(assignInstanceCommand, { instance_id: id, slave_id: slaveId })
  return findInstance(master, String(id))
}

/** What has become of it, and its status in words; that it did not start, or not in time, is reported and keeps nothing else from being told. */
async function start({ args, progress, fail, whenInterrupted }: Context, master: Connection, instance: InstanceInfo): Promise<{ info: InstanceInfo; status: string }> {
  const { id, name } = instance
  const wait = args.flag('wait')
  if (wait) whenInterrupted(goesOnText(starting))
  const answer = master.send(startInstance, { instance_id: id, ...(wait ? { wait } : {}) }, { deadlineMs: deadlineOf(wait, startInstance), key: randomUUID() })
  try {
    const { status } = await progress.during(`starting ${name}`, wait ? stillGoingOn(answer, 'starting', name) : answer)
    const info = { ...await findInstance(master, String(id)), status }
    return { info, status: wait ? status : statusText(status, starting) }
  } catch (error) {
    fail(error, name)
    const info = await findInstance(master, String(id)).catch(() => instance)
    return { info, status: info.status }
  }
}

async function chosenSlave(master: Connection, word: string | undefined): Promise<SlaveInfo | undefined> {
  return word === undefined ? undefined : resolve('slave', (await master.send(listSlaves, {})).list, word)
}

function portsOf(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => {
    const port = Number(text)
    if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw usageError(`--port ${name} must be a number from 1 to 65535, not "${text}"`)
    return [name, port]
  }))
}
