import { resolve } from 'node:path'
import { callHint } from '../../../lib/cli/call-hint.ts'
import { createJoinToken } from '../../../lib/link/messages/slaves.ts'
import { shellWord } from '../../../lib/text/shell-word.ts'
import type { Context } from '../../context.ts'

/** `ctl slave invite` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const expiresInMs = args.durationMs('expires', '365d')
  const uses = args.integer('uses', { min: 1, max: 10_000 })
  const master = await connect()
  const answer = await master.send(createJoinToken, {
    ...(expiresInMs === undefined ? {} : { expires_in_s: Math.max(1, Math.round(expiresInMs / 1_000)) }),
    ...(uses === undefined ? {} : { uses }),
  })
  const { token, url, expires_at: expiresAt } = answer
  const slave = callHint('slave')
  const authority = url.startsWith('https:') && master.caFile !== undefined ? resolve(master.caFile) : undefined
  const trust = authority === undefined ? '' : ` --tls-ca ${shellWord(authority)}`
  await output.data(answer, () => `${slave} join ${url} --name NAME${trust}\n${token}\n`)
  if (output.format === 'table') {
    const times = answer.uses === 1 ? 'once' : `${answer.uses} times`
    note(`Run the first line on the slave's host, with a name of your choice; it asks for the token, the second line. Then \`${slave} run\`. The token works ${times}, until ${expiresAt}.`)
    if (authority !== undefined) note(`The slave needs the certificate authority too: copy ${authority} to its host, and name it where you put it.`)
  }
}
