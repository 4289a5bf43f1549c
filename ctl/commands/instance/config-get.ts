import { getInstanceConfig } from '../../../lib/link/messages/instances.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { didYouMean } from '../../../lib/text/nearest.ts'
import type { Context } from '../../context.ts'
import { formatFields } from '../../output/table.ts'
import { findInstance } from './find.ts'

/** `ctl instance config get NAME [FIELD]` */
export async function run({ args, connect, output }: Context): Promise<void> {
  const master = await connect()
  const { id, name } = await findInstance(master, args.word('NAME'))
  const { config } = await master.send(getInstanceConfig, { instance_id: id })
  const fields = flatFields(config)
  const field = args.word('FIELD')
  if (field === '') return output.data(config, () => formatFields([...fields].map(([name, value]) => [name, value === null ? null : String(value)] as const), output.width))
  const value = fields.get(field)
  if (value === undefined) {
    throw new ClusterError('not_found', `The configuration of ${name} has no field "${field}"${didYouMean(field, fields.keys())}; it has ${[...fields.keys()].join(', ')}`)
  }
  await output.data(value, () => `${value === null ? '' : String(value)}\n`)
}

/** Fields by their dotted names, as `config set` takes them. */
export function flatFields(config: object): Map<string, string | number | boolean | null> {
  const flat = new Map<string, string | number | boolean | null>()
  for (const [name, value] of Object.entries(config) as Array<[string, unknown]>) {
    if (typeof value === 'object' && value !== null) {
      for (const [inner, leaf] of flatFields(value)) flat.set(`${name}.${inner}`, leaf)
    } else {
      flat.set(name, value as string | number | boolean | null)
    }
  }
  return flat
}
