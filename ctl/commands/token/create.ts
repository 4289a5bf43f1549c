import { createToken } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'

/** `ctl token create NAME` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const [role, expiresInMs] = [args.text('role'), args.durationMs('expires')]
  const { token, info } = await (await connect()).send(createToken, {
    name: args.word('NAME'),
    ...(role === undefined ? {} : { role: role as 'admin' | 'viewer' }),
    ...(expiresInMs === undefined ? {} : { expires_in_s: Math.max(1, Math.round(expiresInMs / 1_000)) }),
  })
  await output.data({ token, ...info }, () => `${token}\n`)
  if (output.format === 'table') {
    note(`Token ${info.id} (${info.name}, ${info.role}) is good ${info.expires_at === null ? 'until it is revoked' : `until ${info.expires_at}`}. It is not shown again.`)
  }
}
