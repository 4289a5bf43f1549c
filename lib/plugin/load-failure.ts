import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { ClusterError } from '../errors/cluster-error.ts'
import { messageOf } from './failure-limit.ts'

const importDeadlineMs = 5_000
/** A line of a stack, or of what Node prints of an error, that names a place in a file. */
const placePattern = /^(?:.*\()?(?: +at (?:async )?)?(?:file:\/\/)?(\/.*:\d+)\)?$/gm

/** Why a package below a directory could not be imported, in one line, with the file and line in it where that can be told. */
export async function loadFailure(error: unknown, directory: string, name: string): Promise<string> {
  const [message = ''] = messageOf(error).split('\n')
  if (!(error instanceof Error) || error instanceof ClusterError) return message
  const place = placeIn(error.stack ?? '', directory)
    ?? (error instanceof SyntaxError ? placeIn(await uncaughtText(directory, name), directory) : undefined)
  return place === undefined ? message : `${message} (${place})`
}

/** The first place in a package below the directory that a text names. */
function placeIn(text: string, directory: string): string | undefined {
  const folder = join(directory, 'node_modules')
  if (!existsSync(folder)) return undefined
  const modules = realpathSync(folder)
  const starts = [modules, pathToFileURL(modules).pathname]
  const places = [...text.matchAll(placePattern)].map(([, place = '']) => place)
  return places.find((place) => starts.some((start) => place.startsWith(`${start}/`)))
}

/**
 * What Node prints when the import fails in a program of its own: only there does it say where a module's syntax is wrong.
 * Nothing of the module runs, for all of it is read first.
 */
async function uncaughtText(directory: string, name: string): Promise<string> {
  try {
    const file = createRequire(join(directory, 'package.json')).resolve(name)
    const code = `import(${JSON.stringify(pathToFileURL(file).href)})`
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { timeout: importDeadlineMs })
    return ''
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? ''
  }
}
