import { callHint } from '../../lib/cli/call-hint.ts'
import { createToken as definition } from '../../lib/link/messages/cluster.ts'
import { check } from '../../lib/link/validate.ts'
import { TokenService, tokenInfo } from '../services/tokens.ts'
import { openDatabase } from './open.ts'

interface TokenOptions {
  readonly config: string
  readonly name: string
  readonly role: string
  readonly json: boolean
}

/**
 * Makes a token in the database itself, for who has no token left that the master takes. Throws `database_in_use` while the
 * master runs, `not_found` where there is no database, `invalid_request` for a name that is none.
 */
export async function createToken({ config, name, role, json }: TokenOptions): Promise<void> {
  const wanted = check(definition.request, { name, role }, 'token create')
  const store = await openDatabase(config)
  const tokens = new TokenService(store)
  try {
    const { token, record } = await tokens.create({ name: wanted.name, role: wanted.role ?? 'admin' })
    if (json) {
      process.stdout.write(`${JSON.stringify({ token, ...tokenInfo(record) }, undefined, 2)}\n`)
      return
    }
    process.stdout.write(`${token}\n`)
    process.stderr.write(`Token ${record.id} (${record.name}, ${record.role}) is good until it is revoked. It is not shown again.\n`
      + `Start the master again, then: ${callHint('ctl')} config set token TOKEN\n`)
  } finally {
    tokens.close()
    await store.close()
  }
}
