import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../lib/package-root.ts'

/** Writes a plugin's npm package `corral-NAME` into a folder NAME of a directory, and gives the folder's path. */
export async function pluginFolder(directory: string, name: string, code: string): Promise<string> {
  const folder = join(directory, name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({
    name: `corral-${name}`, version: '1.0.0', type: 'module', main: 'index.js', files: ['index.js'], peerDependencies: { corral: '*' },
  }))
  await writeFile(join(folder, 'index.js'), code)
  return folder
}

/** The same as an archive, as it would be published; gives its path. */
export async function pluginArchive(directory: string, name: string, code: string): Promise<string> {
  const folder = await pluginFolder(directory, name, code)
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', directory], { cwd: folder })
  const [{ filename } = { filename: '' }] = JSON.parse(stdout) as Array<{ filename: string }>
  return join(directory, filename)
}

/** Puts a plugin where `plugin install` would, without npm: below the data directory of a master or slave. */
export async function placePlugin(dataDirectory: string, name: string, code: string): Promise<void> {
  const packages = join(dataDirectory, 'packages')
  const modules = join(packages, 'node_modules')
  await mkdir(modules, { recursive: true })
  await pluginFolder(modules, `corral-${name}`, code)
  const manifest = join(packages, 'package.json')
  const { dependencies = {} } = existsSync(manifest) ? JSON.parse(await readFile(manifest, 'utf8')) as { dependencies?: object } : {}
  await writeFile(manifest, JSON.stringify({ private: true, dependencies: { ...dependencies, [`corral-${name}`]: '*' } }))
  const self = join(modules, 'corral')
  if (!existsSync(self)) await symlink(packageRoot, self, 'dir')
}
