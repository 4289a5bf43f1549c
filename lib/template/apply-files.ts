import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { editIni } from './files/ini.ts'
import { editJson } from './files/json.ts'
import { editProperties } from './files/properties.ts'
import { editYaml } from './files/yaml.ts'
import type { RenderedFile } from './render.ts'
import { isSafePath } from './semantics-files.ts'

/** A config file larger than this is not edited. */
const EDIT_LIMIT_BYTES = 4 * 1024 * 1024
const editors = { properties: editProperties, ini: editIni, json: editJson, yaml: editYaml } as const

/**
 * Writes files below `root`, each whole or not at all, in order; new ones with mode 0600, existing ones keep theirs. Symbolic
 * links are followed inside `root` and refused where they lead out of it; nothing else may change `root` meanwhile. Throws
 * `invalid_config` (a path that leaves `root`, a file that cannot be edited) and `disk_full`.
 */
export async function applyFiles(files: readonly RenderedFile[], root: string): Promise<void> {
  const realRoot = await realpath(root)
  for (const file of files) {
    try {
      await applyFile(file, realRoot)
    } catch (error) {
      if (error instanceof ClusterError) throw error
      const { code, message } = error as NodeJS.ErrnoException
      const isFull = code === 'ENOSPC' || code === 'EDQUOT'
      throw new ClusterError(isFull ? 'disk_full' : 'invalid_config', `The game's file ${file.path} cannot be written: ${message}`, { cause: error })
    }
  }
}

async function applyFile(file: RenderedFile, root: string): Promise<void> {
  const target = await placeFor(file, root)
  if (file.kind === 'directory') {
    await mkdir(target, { recursive: true, mode: 0o700 })
    return
  }
  const before = await readExisting(target, file.path)
  if (before !== undefined && file.once) return
  const after = file.kind === 'whole' ? file.content : edited(file, before?.text ?? '')
  if (after !== before?.text) await replaceFile(target, after, before?.mode ?? 0o600)
}

function edited(file: Extract<RenderedFile, { set: unknown }>, text: string): string {
  try {
    return editors[file.kind](text, file.set)
  } catch (error) {
    throw new ClusterError('invalid_config', `${file.path} of the game is not ${file.kind} that can be edited: ${(error as Error).message}; mend it or delete it`, { cause: error })
  }
}

/** The real path to write to; its folder is made. Every step on the way is resolved before the next is taken. */
async function placeFor({ path, kind }: RenderedFile, root: string): Promise<string> {
  if (!isSafePath(path)) throw outside(path)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const folders = kind === 'directory' ? parts : parts.slice(0, -1)
  let folder = root
  for (const part of folders) {
    const next = join(folder, part)
    await mkdir(next, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    folder = inside(root, await realpath(next), path)
  }
  const name = parts.at(-1)
  if (kind === 'directory' || name === undefined) return folder
  const target = join(folder, name)
  const info = await lstat(target).catch(() => undefined)
  if (!info?.isSymbolicLink()) return target
  return inside(root, await realpath(target), path)
}

function inside(root: string, real: string, path: string): string {
  const way = relative(root, real)
  if (way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way) throw outside(path)
  return real
}

function outside(path: string): ClusterError {
  return new ClusterError('invalid_config', `The game's file ${path} leads out of the instance's directory; nothing was written`)
}

async function readExisting(target: string, path: string): Promise<{ text: string; mode: number } | undefined> {
  // Without O_NONBLOCK a FIFO that a game left there would hold the start for ever.
  const handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw new ClusterError('invalid_config', `The game's file ${path} is not a regular file; move it away`)
    if (info.size > EDIT_LIMIT_BYTES) throw new ClusterError('invalid_config', `The game's file ${path} is larger than 4 MiB; delete it`)
    return { text: await handle.readFile('utf8'), mode: info.mode & 0o777 }
  } finally {
    await handle.close()
  }
}

async function replaceFile(target: string, text: string, mode: number): Promise<void> {
  const draft = join(dirname(target), `.corral-${randomBytes(6).toString('hex')}`)
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await chmod(draft, mode)
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
