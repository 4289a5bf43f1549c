import { listInstances } from '../../../lib/link/messages/instances.ts'
import type { InstanceInfo } from '../../../lib/link/messages/instances.ts'
import type { Connection } from '../../connection.ts'
import { resolve } from '../../resolve.ts'

/** The instance that a word means. Throws `not_found`. */
export async function findInstance(master: Connection, word: string): Promise<InstanceInfo> {
  const { list } = await master.send(listInstances, {})
  return resolve('instance', list, word)
}
