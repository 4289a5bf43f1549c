import { readFile } from 'node:fs/promises'
import { ClusterError } from '../errors/cluster-error.ts'

/** The PEM text of a certificate authority that a config or an option names, if one does. Throws `invalid_config`. */
export async function readAuthority(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ClusterError('invalid_config', `Cannot read the certificate authority ${file}: ${(cause as Error).message}`, { cause })
  }
}
