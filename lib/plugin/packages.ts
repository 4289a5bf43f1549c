import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ClusterError } from '../errors/cluster-error.ts'
import { makeDataDirectory } from '../make-directory.ts'
import { packageRoot } from '../package-root.ts'
import { builtInPlugins, expectFreeName, installedPackages, installedPlugins } from './catalogue.ts'
import type { KnownPlugin } from './catalogue.ts'

const installDeadlineMs = 300_000

/**
 * Installs a plugin's package below a directory with npm, without running its scripts, and checks that it is one that
 * `expectUsable` lets pass: by default one whose name is no other's. Else what was there before is put back. `wanted` is a
 * package's name, a folder or an archive. Throws `invalid_request` with npm's reason, `invalid_config` when it is no
 * plugin, `conflict`, and what `expectUsable` throws.
 */
export async function installPackage(directory: string, wanted: string, expectUsable = expectUnusedName): Promise<KnownPlugin> {
  makeDataDirectory(join(directory, 'node_modules'), 0o700)
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) await writeFile(manifest, '{ "private": true }\n', { mode: 0o600 })
  const [before, manifestBefore] = await Promise.all([installedPackages(directory), readFile(manifest)])
  const isPath = existsSync(wanted)
  if (!isPath && /^(?:\.{0,2}\/|~\/|file:)/.test(wanted)) throw new ClusterError('invalid_request', `There is no folder or archive ${wanted} to install a plugin from`)
  const source = isPath ? resolve(wanted) : wanted
  const replaced = await setAside(directory, installedName(before, before, source))
  let name: string | undefined
  try {
    await npm(directory, 'install', source)
    name = installedName(await installedPackages(directory), before, source)
    if (name === undefined) throw new ClusterError('invalid_request', `${wanted} was installed, but npm does not say under which name; install it by its package name`)
    const known = await loadInstalled(directory, name)
    await expectUsable(known, directory)
    await replaced?.drop()
    return known
  } catch (error) {
    await replaced?.putBack()
    if (name !== undefined && !Object.hasOwn(before, name)) await uninstallPackage(directory, name)
    else await writeFile(manifest, manifestBefore)
    throw error
  }
}

/** The package that is meant by the name of a plugin, or by its own among those that are `unusable`. Throws `not_found`, `invalid_request` for a plugin that comes with Corral. */
export function packageOf(name: string, { program, plugins, unusable }: { program: 'master' | 'slave'; plugins: readonly KnownPlugin[]; unusable: readonly string[] }): string {
  if (unusable.includes(name)) return name
  const known = plugins.find(({ plugin }) => plugin.name === name)
  if (!known) throw new ClusterError('not_found', `There is no plugin "${name}"; \`${program} plugin list\` shows those that there are`)
  if (known.source !== 'built-in') return known.source
  throw new ClusterError('invalid_request', `The plugin ${name} comes with Corral and can't be uninstalled; let it run no more with \`master plugin disable ${name}\``)
}

/** Takes a package away again with npm; one that is not there is no error. Throws `invalid_request` with npm's reason. */
export async function uninstallPackage(directory: string, name: string): Promise<void> {
  await npm(directory, 'uninstall', name)
}

type Packages = Awaited<ReturnType<typeof installedPackages>>

/** Moves a package that is there out of the way: npm does not copy again what has the version of before. */
async function setAside(directory: string, name: string | undefined): Promise<{ putBack(): Promise<void>; drop(): Promise<void> } | undefined> {
  const folder = name === undefined ? undefined : join(directory, 'node_modules', name)
  if (folder === undefined || !existsSync(folder)) return undefined
  const aside = join(directory, 'replaced')
  const drop = (): Promise<void> => rm(aside, { recursive: true, force: true })
  await drop()
  await rename(folder, aside)
  return {
    drop,
    putBack: async () => {
      await rm(folder, { recursive: true, force: true })
      await rename(aside, folder)
    },
  }
}

async function loadInstalled(directory: string, name: string): Promise<KnownPlugin> {
  const problems: ClusterError[] = []
  const [known] = await installedPlugins(directory, [name], (problem) => problems.push(problem))
  if (known) return known
  throw problems[0] ?? new ClusterError('invalid_config', `${name} is no plugin`)
}

/** Throws `conflict` when a plugin that comes with Corral, or of another package of the directory, has the name. */
async function expectUnusedName(known: KnownPlugin, directory: string): Promise<void> {
  const others = Object.keys(await installedPackages(directory)).filter((name) => name !== known.source)
  expectFreeName(known, [...await builtInPlugins(), ...await installedPlugins(directory, others, () => {})])
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
  // What a plugin imports as `corral/plugin` is this very Corral; npm takes away what it does not know.
  const self = join(directory, 'node_modules', 'corral')
  if (!existsSync(self)) await symlink(packageRoot, self, 'dir')
}

/** The first line in which npm says more than a code. */
function npmReason({ stderr = '', message }: Error & { stderr?: string }): string {
  const errors = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (?!code |errno |syscall |path |dest )(.+)$/.exec(line)?.[1] ?? [])
  return errors[0] ?? message.split('\n')[0] ?? ''
}
