import { listTokens } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'
import { timeText } from '../../output/time-text.ts'

/** `ctl token list` */
export async function run({ connect, output }: Context): Promise<void> {
  const { list } = await (await connect()).send(listTokens, {})
  await output.list(list, [
    { title: 'ID', value: ({ id }) => id, align: 'right' },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'ROLE', value: ({ role }) => role },
    { title: 'CREATED', value: ({ created_at: createdAt }) => timeText(createdAt) },
    { title: 'EXPIRES', value: ({ expires_at: expiresAt }) => timeText(expiresAt) ?? 'never' },
    { title: 'USES LEFT', value: ({ uses_left: usesLeft }) => usesLeft, align: 'right' },
  ], 'No tokens. Make one with `ctl token create NAME`.')
}
