import { expect } from 'chai'
import { loggerTo } from '../../lib/log/logger.ts'
import type { LogFields } from '../../lib/log/logger.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { TokenService } from '../../master/services/tokens.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { startTestMaster } from '../helpers/master.ts'

describe("The master's log", () => {
  const cleanups = new Cleanups()
  const lines: Array<[message: string, fields: LogFields]> = []
  let url: string
  let tokens: Record<'admin' | 'viewer', string>

  beforeEach(async () => {
    lines.length = 0
    const store = openMemoryStore()
    const service = new TokenService(store)
    const made = async (role: 'admin' | 'viewer'): Promise<string> => (await service.create({ name: `the ${role}`, role })).token
    tokens = { admin: await made('admin'), viewer: await made('viewer') }
    const log = loggerTo((level, message, fields) => { if (level !== 'debug') lines.push([message, fields]) });
    ({ url } = await startTestMaster(cleanups, { store, log }))
    lines.length = 0
  })
  afterEach(() => cleanups.run())

  async function call(type: string, data: object, role: keyof typeof tokens = 'admin'): Promise<void> {
    const headers = { authorization: `Bearer ${tokens[role]}` }
    await (await fetch(`${url}/api/v1/${type}`, { method: 'POST', headers, body: JSON.stringify(data) })).text()
  }

  it('tells who changed what, and nothing that is secret', async () => {
    await call('create_user', { name: 'ann', password: 'not for the log', role: 'viewer' })
    await call('set_user_password', { user_id: 1, password: 'nor this' })
    await call('create_token', { name: 'watcher', role: 'viewer' })
    await call('revoke_token', { token_id: 3 })
    expect(lines).to.deep.equal([
      ['create_user by token "the admin"', { name: 'ann', role: 'viewer' }],
      ['set_user_password by token "the admin"', { user_id: 1 }],
      ['create_token by token "the admin"', { name: 'watcher', role: 'viewer' }],
      ['revoke_token by token "the admin"', { token_id: 3 }],
    ])
  })

  it('tells what failed and why, and nothing of what only reads', async () => {
    await call('list_instances', {}, 'viewer')
    await call('delete_instance', { instance_id: 7 })
    expect(lines.map(([message, fields]) => [message.split(':')[0], fields])).to.deep.equal([
      ['delete_instance by token "the admin" has failed', { instance_id: 7, code: 'not_found' }],
    ])
  })
})
