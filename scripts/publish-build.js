// Puts built files into place under programs that run: these load parts by and by, so what they may still ask for stays.
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** Files of this many builds are kept: a program that was started before so many changes must be started again. */
const keptBuilds = 20
/** A part, named by what it contains; all other files are entries, which name parts. */
const partName = /-[0-9A-Z]{8}\.js$/

/**
 * Makes `files` (by relative path) the newest build in `directory`. Every file is replaced in one step, entries after
 * their parts, so that who starts a program meanwhile gets the old one or the new one.
 */
export async function publishBuild(directory, files, begunMs = Date.now()) {
  const earlier = await earlierBuilds(directory)
  const names = Object.keys(files).sort((a, b) => Number(partName.test(b)) - Number(partName.test(a)))
  for (const name of names) await replaceFile(join(directory, name), files[name])
  const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex')
  const builds = [{ digest, begunMs, files: names }, ...earlier.filter((build) => build.digest !== digest)].slice(0, keptBuilds)
  await replaceFile(manifestOf(directory), `${JSON.stringify(builds)}\n`)
  const kept = new Set(builds.flatMap((build) => build.files))
  for (const name of await filesIn(directory)) if (!kept.has(name)) await rm(join(directory, name), { force: true })
}

/** Whether `directory` has a build that is newer than each of the sources, files and folders. */
export async function isCurrent(directory, sources) {
  const [newest] = await readBuilds(directory)
  if (!newest) return false
  const present = new Set(await filesIn(directory))
  return newest.files.every((name) => present.has(name)) && await newestChange(sources) < newest.begunMs
}

const manifestOf = (directory) => join(directory, '.builds.json')

async function readBuilds(directory) {
  try {
    return JSON.parse(await readFile(manifestOf(directory), 'utf8'))
  } catch {
    // None yet, or one that says nothing.
    return []
  }
}

/** What was built before this was kept counts as one build. */
async function earlierBuilds(directory) {
  const builds = await readBuilds(directory)
  if (builds.length > 0) return builds
  const files = await filesIn(directory)
  return files.length > 0 ? [{ digest: '', begunMs: 0, files }] : []
}

async function filesIn(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith('.js')).map((entry) => relative(directory, join(entry.parentPath, entry.name)))
}

async function replaceFile(file, contents) {
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, contents)
  await rename(temporary, file)
}

async function newestChange(sources) {
  const inner = await Promise.all(sources.map((source) => readdir(source, { recursive: true }).then((names) => names.map((name) => join(source, name)), () => [])))
  return Math.max(...await Promise.all([...sources, ...inner.flat()].map(changeOf)))
}

/** When a file or folder was changed last; one that went meanwhile just now. */
async function changeOf(path) {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  return mtimeMs
}
