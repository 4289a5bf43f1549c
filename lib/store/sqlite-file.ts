import Database from 'libsql'
import { randomUUID } from 'node:crypto'
import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { dirname } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { makeDirectory } from '../make-directory.ts'
import { damaged, openError } from './sqlite-errors.ts'

/** "CRRL": marks the file as ours. */
const applicationId = 0x4352524c
const schemaVersion = 1

const schema = `
  CREATE TABLE doc(coll TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY(coll, id)) WITHOUT ROWID, STRICT;
  CREATE TABLE last_revision(one INTEGER PRIMARY KEY CHECK(one = 1), rev INTEGER NOT NULL) STRICT;
  INSERT INTO last_revision VALUES(1, 0);`

/**
 * Opens the database for this process alone, making it first if there is none: folder 0700, file 0600. Throws
 * `database_in_use`, `disk_full`, or `store_failed` for a file that is damaged or not ours.
 *
 * No code may open and close this file by other means while it is in use: that drops SQLite's locks (POSIX).
 */
export function openDatabase(file: string): Database.Database {
  try {
    const stats = statSync(file, { throwIfNoEntry: false })
    if (stats) checkFile(file, stats)
    else createDatabase(file)
    const db = new Database(file)
    takeLock(db)
    checkMark(file, db)
    // A copy that was put back may be readable by others, and it has secrets in it.
    chmodSync(file, 0o600)
    configure(db)
    checkPages(file, db)
    return db
  } catch (thrown) {
    throw openError(file, thrown)
  }
}

function checkFile(file: string, stats: Stats): void {
  if (!stats.isFile()) throw new ClusterError('store_failed', `Cannot open the database ${file}: it is not a file; choose another path`)
  if (stats.size === 0) throw damaged(file, 'it is empty, which Corral never leaves behind')
}

/** Under a name of its own first: whatever stops us, a file with the final name is complete, and only one gets it. */
function createDatabase(file: string): void {
  if (existsSync(`${file}-wal`)) {
    throw new ClusterError('store_failed', `Cannot create the database ${file}: it is missing, but its ${file}-wal is there, with ` +
      'writes that belong to it; put both back, or move the -wal file away to start with a new database')
  }
  const folder = dirname(file)
  const firstMade = makeDirectory(folder, 0o700)
  const draft = `${file}.${randomUUID()}`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    const db = new Database(draft)
    try {
      db.exec(`PRAGMA synchronous=FULL; PRAGMA application_id=${applicationId}; PRAGMA user_version=${schemaVersion};`)
      db.exec(`BEGIN; ${schema} COMMIT;`)
    } finally {
      db.close()
    }
    linkUnlessThere(draft, file)
  } finally {
    for (const leftover of [draft, `${draft}-journal`]) rmSync(leftover, { force: true })
  }
  syncFolders(folder, firstMade)
}

function linkUnlessThere(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
  }
}

/** Makes the new file's name durable, and the names of the folders that were made for it. */
function syncFolders(folder: string, firstMade: string | undefined): void {
  const top = firstMade === undefined ? folder : dirname(firstMade)
  for (let current = folder; ; current = dirname(current)) {
    const descriptor = openSync(current, 'r')
    fsyncSync(descriptor)
    closeSync(descriptor)
    if (current === top || current === dirname(current)) return
  }
}

/** Must come before the first look at the file: no -shm file then, and a second process is refused. */
function takeLock(db: Database.Database): void {
  pragma(db, 'locking_mode=EXCLUSIVE')
  pragma(db, 'busy_timeout=0')
}

/** Must come before anything is changed: the file may belong to another program. */
function checkMark(file: string, db: Database.Database): void {
  if (pragma(db, 'application_id') !== applicationId) throw damaged(file, 'it is a SQLite database, but not one of Corral')
  const version = Number(pragma(db, 'user_version'))
  if (version !== schemaVersion) {
    throw new ClusterError('store_failed', `Cannot open the database ${file}: its format is ${version} and this Corral knows ` +
      `${schemaVersion}; use the Corral that wrote it`)
  }
}

function configure(db: Database.Database): void {
  const mode = pragma(db, 'journal_mode=WAL')
  if (mode !== 'wal') throw new Error(`its journal mode is "${String(mode)}" and could not be set to "wal"`)
  pragma(db, 'synchronous=FULL')
  const synchronous = pragma(db, 'synchronous')
  if (synchronous !== 2) throw new Error(`synchronous is ${String(synchronous)} and could not be set to FULL`)
  pragma(db, 'wal_autocheckpoint=1000')
  pragma(db, `journal_size_limit=${16 * 1024 * 1024}`)
}

function checkPages(file: string, db: Database.Database): void {
  const result = pragma(db, 'quick_check')
  if (result !== 'ok') throw damaged(file, `it is damaged (${String(result)})`)
}

/** The first field of the first row; `get` would add a field of its own. */
function pragma(db: Database.Database, source: string): unknown {
  const [row] = db.prepare(`PRAGMA ${source}`).all()
  return row === undefined ? undefined : Object.values(row as Record<string, unknown>)[0]
}
