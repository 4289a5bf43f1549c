import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ClusterError } from './errors/cluster-error.ts'

/** The folder of this package, whether the code runs from its sources or from a bundle in `dist/`. */
export const packageRoot: string = findPackageRoot(import.meta.dirname)

function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (nameOfPackageIn(folder) === 'corral') return folder
    if (folder === dirname(folder)) {
      throw new ClusterError('internal', `No package.json of corral in ${start} or a folder above it; install Corral again`)
    }
  }
}

function nameOfPackageIn(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name
  } catch {
    // Most folders have none, and a broken one is not ours.
    return undefined
  }
}
