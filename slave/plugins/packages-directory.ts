import { join } from 'node:path'

/** Where npm packages of plugins are installed on a slave. */
export function packagesDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'packages')
}
