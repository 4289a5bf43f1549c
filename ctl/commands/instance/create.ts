import { randomUUID } from 'node:crypto'
import { createInstance, startInstance } from '../../../lib/link/messages/instances.ts'
import type { InstanceInfo } from '../../../lib/link/messages/instances.ts'
import { listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { Connection } from '../../connection.ts'
import type { Context } from '../../context.ts'
import { resolve } from '../../resolve.ts'
import { usageError } from '../../usage-error.ts'
import { deadlineOf } from './control.ts'
import { findInstance } from './find.ts'

/** `ctl instance create NAME --template TEMPLATE …` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output, progress, fail } = context
  const [name, template, policy] = [args.word('NAME'), args.text('template'), args.text('restart')]
  if (template === undefined) throw usageError('--template is missing; `ctl template list` has the templates')
  if (args.flag('wait') && !args.flag('start')) throw usageError('--wait goes with --start')
  const [variables, ports] = [args.assignments('set'), portsOf(args.assignments('port'))]
  const master = await connect()
  const slave = args.text('slave')
  const request = {
    name,
    template,
    ...(slave === undefined ? {} : { slave_id: await slaveId(master, slave) }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(Object.keys(ports).length > 0 ? { ports } : {}),
    ...(policy === undefined ? {} : { restart_policy: policy as 'never' | 'on-failure' | 'always' }),
  }
  // With a key the master makes it once, even if the request reaches it twice.
  const { instance } = await progress.during(`creating ${name}`, master.send(createInstance, request, { key: randomUUID() }))
  const started = args.flag('start') ? await start(context, master, instance).catch((error: unknown) => fail(error, name)) : undefined
  const info = started ?? instance
  await output.data(info, () => `${info.name}: created on ${info.slave ?? 'no slave'}${args.flag('start') ? `, ${info.status}` : ''}\n`)
}

async function start({ args, progress }: Context, master: Connection, { id, name }: InstanceInfo): Promise<InstanceInfo> {
  const wait = args.flag('wait')
  const request = { instance_id: id, ...(wait ? { wait } : {}) }
  const { status } = await progress.during(`starting ${name}`, master.send(startInstance, request, { deadlineMs: deadlineOf(wait, startInstance) }))
  return { ...await findInstance(master, String(id)), status }
}

async function slaveId(master: Connection, word: string): Promise<number> {
  const { list } = await master.send(listSlaves, {})
  return resolve('slave', list, word).id
}

function portsOf(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => {
    const port = Number(text)
    if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw usageError(`--port ${name} must be a number from 1 to 65535, not "${text}"`)
    return [name, port]
  }))
}
