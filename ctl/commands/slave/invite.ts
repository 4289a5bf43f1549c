import { createJoinToken } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'

/** `ctl slave invite` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const expiresInMs = args.durationMs('expires')
  const uses = args.integer('uses')
  const answer = await (await connect()).send(createJoinToken, {
    ...(expiresInMs === undefined ? {} : { expires_in_s: Math.max(1, Math.round(expiresInMs / 1_000)) }),
    ...(uses === undefined ? {} : { uses }),
  })
  const { token, url, expires_at: expiresAt } = answer
  await output.data(answer, () => `slave join ${url} ${token} --name NAME\n`)
  if (output.format === 'table') {
    const times = answer.uses === 1 ? 'once' : `${answer.uses} times`
    note(`Run this line on the slave's host, with a name of your choice, then \`slave run\`. It works ${times}, until ${expiresAt}.`)
  }
}
