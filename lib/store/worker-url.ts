import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../package-root.ts'

/** The worker's file: its source where this code runs from source, else the bundle in `dist/`. */
export function storeWorkerUrl(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return pathToFileURL(join(packageRoot, isSource ? 'lib/store/worker-from-source.js' : 'dist/store-worker.js'))
}
