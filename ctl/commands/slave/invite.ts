import { createJoinToken } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'

/** `ctl slave invite` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const expiresInMs = args.durationMs('expires', '365d')
  const uses = args.integer('uses', { min: 1, max: 10_000 })
  const answer = await (await connect()).send(createJoinToken, {
    ...(expiresInMs === undefined ? {} : { expires_in_s: Math.max(1, Math.round(expiresInMs / 1_000)) }),
    ...(uses === undefined ? {} : { uses }),
  })
  const { token, url, expires_at: expiresAt } = answer
  await output.data(answer, () => `npx --no slave join ${url} --name NAME\n${token}\n`)
  if (output.format === 'table') {
    const times = answer.uses === 1 ? 'once' : `${answer.uses} times`
    note(`Run the first line on the slave's host, with a name of your choice; it asks for the token, the second line. Then \`npx --no slave run\`. The token works ${times}, until ${expiresAt}.`)
  }
}
