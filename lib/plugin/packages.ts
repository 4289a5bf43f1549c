import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ClusterError } from '../errors/cluster-error.ts'
import { packageRoot } from '../package-root.ts'
import { installedPackages, installedPlugins } from './catalogue.ts'
import type { KnownPlugin } from './catalogue.ts'

const installDeadlineMs = 300_000

/**
 * Installs a plugin's package below a directory with npm, without running its scripts, and checks that it is one; what
 * is none is taken back. `wanted` is a package's name, a folder or an archive. Throws `invalid_request` with npm's
 * reason, `invalid_config` when it is no plugin.
 */
export async function installPackage(directory: string, wanted: string): Promise<KnownPlugin> {
  await mkdir(join(directory, 'node_modules'), { recursive: true, mode: 0o700 })
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) await writeFile(manifest, '{ "private": true }\n', { mode: 0o600 })
  const before = await installedPackages(directory)
  const isPath = existsSync(wanted)
  if (!isPath && /^(?:\.{0,2}\/|~\/|file:)/.test(wanted)) throw new ClusterError('invalid_request', `There is no folder or archive ${wanted} to install a plugin from`)
  const source = isPath ? resolve(wanted) : wanted
  await installAnew(directory, source, installedName(before, before, source))
  // What a plugin imports as `corral/plugin` is this very Corral.
  const self = join(directory, 'node_modules', 'corral')
  if (!existsSync(self)) await symlink(packageRoot, self, 'dir')

  const name = installedName(await installedPackages(directory), before, source)
  if (name === undefined) throw new ClusterError('invalid_request', `${wanted} was installed, but npm does not say under which name; install it by its package name`)
  const problems: ClusterError[] = []
  const [known] = await installedPlugins(directory, [name], (problem) => problems.push(problem))
  if (known) return known
  await uninstallPackage(directory, name)
  throw problems[0] ?? new ClusterError('invalid_config', `${name} is no plugin`)
}

/** Takes a package away again with npm; one that is not there is no error. Throws `invalid_request` with npm's reason. */
export async function uninstallPackage(directory: string, name: string): Promise<void> {
  await npm(directory, 'uninstall', name)
}

type Packages = Awaited<ReturnType<typeof installedPackages>>

/** Installs a package; one that is there is set aside, for npm does not copy again what has the version of before. */
async function installAnew(directory: string, source: string, name: string | undefined): Promise<void> {
  const folder = name === undefined ? undefined : join(directory, 'node_modules', name)
  if (folder === undefined || !existsSync(folder)) return npm(directory, 'install', source)
  const aside = join(directory, 'replaced')
  await rm(aside, { recursive: true, force: true })
  await rename(folder, aside)
  try {
    await npm(directory, 'install', source)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    await rename(aside, folder)
    throw error
  }
  await rm(aside, { recursive: true, force: true })
}

/** The name under which npm has put what was asked for: what is new, or what came from the same place before. */
function installedName(after: Packages, before: Packages, source: string): string | undefined {
  const names = Object.keys(after)
  return names.find((name) => !Object.hasOwn(before, name))
    ?? names.find((name) => source === name || source.startsWith(`${name}@`) || after[name]?.endsWith(basename(source)))
}

async function npm(directory: string, verb: 'install' | 'uninstall', what: string): Promise<void> {
  // A plugin's Corral is this one: it is not fetched, whether or not the package names it as a peer.
  const flags = ['--prefix', directory, '--install-links', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund']
  try {
    await promisify(execFile)('npm', [verb, ...flags, what], { timeout: installDeadlineMs })
  } catch (error) {
    throw new ClusterError('invalid_request', `npm could not ${verb} ${what}: ${npmReason(error as Error & { stderr?: string })}`, { cause: error })
  }
}

/** The first line in which npm says more than a code. */
function npmReason({ stderr = '', message }: Error & { stderr?: string }): string {
  const errors = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (?!code |errno |syscall |path |dest )(.+)$/.exec(line)?.[1] ?? [])
  return errors[0] ?? message.split('\n')[0] ?? ''
}
