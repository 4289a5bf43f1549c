// The thread that has the database. Writing is synchronous here: a slow disk stops this thread and nothing else.
import type Database from 'libsql'
import { parentPort, workerData } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import type { ClusterError } from '../errors/cluster-error.ts'
import type { StoredRow } from './engine.ts'
import { damaged, openError, writeError } from './sqlite-errors.ts'
import { openDatabase } from './sqlite-file.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

const rowsPerMessage = 500

interface DocRow {
  readonly coll: string
  readonly id: string
  readonly rev: number
  readonly body: string
  readonly sum: number
}

if (!parentPort) throw new Error('This file runs in a worker thread')
const port = parentPort
const { file } = workerData as WorkerStart

serve()

function serve(): void {
  let db: Database.Database
  let write: (rows: readonly StoredRow[], lastRevision: number) => void
  try {
    db = openDatabase(file)
    sendRows(db)
    write = writer(db)
    post({ kind: 'opened', lastRevision: readLastRevision(db) })
  } catch (thrown) {
    return end(openError(file, thrown))
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') return close(db)
    try {
      write(message.rows, message.lastRevision)
      post({ kind: 'written' })
    } catch (thrown) {
      const { error, isFinal } = writeError(file, thrown)
      if (isFinal) end(error)
      else post({ kind: 'failed', error: error.toWire(), isFinal })
    }
  })
}

function sendRows(db: Database.Database): void {
  let rows: (StoredRow & { body: string })[] = []
  for (const row of db.prepare('SELECT coll, id, rev, body, sum FROM doc').iterate()) {
    const { coll: collection, id, rev: revision, body, sum } = row as DocRow
    const document = { collection, id, revision, body }
    if (checksum(document) !== sum) throw damaged(file, `the document "${id}" of ${collection} is damaged`)
    if (rows.push(document) < rowsPerMessage) continue
    post({ kind: 'rows', rows })
    rows = []
  }
  post({ kind: 'rows', rows })
}

function readLastRevision(db: Database.Database): number {
  const [row] = db.prepare('SELECT rev FROM last_revision').all() as { rev: number }[]
  if (!row) throw damaged(file, 'it has lost its last revision')
  return row.rev
}

function writer(db: Database.Database): (rows: readonly StoredRow[], lastRevision: number) => void {
  const upsert = db.prepare('INSERT INTO doc(coll, id, rev, body, sum) VALUES(?, ?, ?, ?, ?) ' +
    'ON CONFLICT(coll, id) DO UPDATE SET rev = excluded.rev, body = excluded.body, sum = excluded.sum')
  const remove = db.prepare('DELETE FROM doc WHERE coll = ? AND id = ?')
  const setLastRevision = db.prepare('UPDATE last_revision SET rev = ?')
  return (rows, lastRevision) => {
    db.exec('BEGIN IMMEDIATE')
    try {
      for (const row of rows) {
        const { collection, id, revision, body } = row
        if (body === null) remove.run(collection, id)
        else upsert.run(collection, id, revision, body, checksum({ ...row, body }))
      }
      setLastRevision.run(lastRevision)
      db.exec('COMMIT')
    } catch (thrown) {
      // On a full disk SQLite has rolled back already, and a second time would hide why.
      if (db.inTransaction) db.exec('ROLLBACK')
      throw thrown
    }
  }
}

/** SQLite has no checksum of pages: without ours, a flipped bit in a value would go unnoticed. */
function checksum({ collection, id, revision, body }: StoredRow & { body: string }): number {
  return crc32(`${collection}\0${id}\0${revision}\0${body}`)
}

function close(db: Database.Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // What is in the log is durable there and is taken over when the file is opened again.
  }
  db.close()
  // The lock goes with the prepared statements, and they go with the thread.
  port.close()
}

function end(error: ClusterError): void {
  post({ kind: 'failed', error: error.toWire(), isFinal: true })
  port.close()
}

function post(message: FromWorker): void {
  port.postMessage(message)
}
