import { createToken, listTokens } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'

/** `ctl token create NAME` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const [role, expiresInMs] = [args.text('role'), args.durationMs('expires', '3650d')]
  const master = await connect()
  const { token, info } = await master.send(createToken, {
    name: args.word('NAME'),
    ...(role === undefined ? {} : { role: role as 'admin' | 'viewer' }),
    ...(expiresInMs === undefined ? {} : { expires_in_s: Math.max(1, Math.round(expiresInMs / 1_000)) }),
  })
  await output.data({ token, ...info }, () => `${token}\n`)
  if (output.format === 'table') {
    const namesakes = (await master.send(listTokens, {})).list.filter(({ id, name }) => name === info.name && id !== info.id)
    note(`Token ${info.id} (${info.name}, ${info.role}) is good ${info.expires_at === null ? 'until it is revoked' : `until ${info.expires_at}`}. It is not shown again.`)
    if (role === undefined) note('An admin may do everything; for one who only looks, make one with --role viewer.')
    if (namesakes.length > 0) note(`Others named ${info.name} stay good (id ${namesakes.map(({ id }) => id).join(', ')}); \`ctl token revoke ID\` takes them out of force.`)
  }
}
