import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ClusterError } from '../lib/errors/cluster-error.ts'

/** A system user's numbers, as `id` tells. Throws `invalid_config` for one that there is not. */
export async function findUser(name: string): Promise<{ name: string; uid: number; gid: number }> {
  const number = async (flag: string): Promise<number> => {
    const { stdout } = await promisify(execFile)('id', [flag, '--', name])
    return Number(stdout.trim())
  }
  try {
    return { name, uid: await number('-u'), gid: await number('-g') }
  } catch (error) {
    throw new ClusterError('invalid_config', `There is no system user "${name}" to run games as; create it, or set another run_as`, { cause: error })
  }
}
