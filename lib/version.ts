import { readFileSync } from 'node:fs'
import { packageRoot } from './package-root.ts'

let version: string | undefined

/** Version of this Corral, from its package. */
export function corralVersion(): string {
  version ??= (JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8')) as { version: string }).version
  return version
}
