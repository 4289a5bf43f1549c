import { listUsers } from '../../../lib/link/messages/users.ts'
import type { Context } from '../../context.ts'
import { timeText } from '../../output/time-text.ts'

/** `ctl user list` */
export async function run({ connect, output }: Context): Promise<void> {
  const { list } = await (await connect()).send(listUsers, {})
  await output.list(list, [
    { title: 'ID', value: ({ id }) => id, align: 'right' },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'ROLE', value: ({ role }) => role },
    { title: 'CREATED', value: ({ created_at: createdAt }) => timeText(createdAt) },
    { title: 'PASSWORD SET', value: ({ password_changed_at: changedAt }) => timeText(changedAt) },
  ], 'No users. Make one with `ctl user create NAME`.')
}
