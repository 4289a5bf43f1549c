import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { databaseFile, openConfig, openDatabase } from './open.ts'

interface DatabaseOptions {
  readonly config: string
  readonly file?: string | undefined
}

function isStandardStream(file: string | undefined): file is undefined | '-' {
  return file === undefined || file === '-'
}

/** Writes all documents as JSON lines. Throws `database_in_use` while the master runs, `conflict` rather than overwrite a file. */
export async function exportDatabase({ config, file }: DatabaseOptions): Promise<void> {
  const store = await openDatabase(config)
  try {
    if (isStandardStream(file)) {
      for (const line of store.export()) process.stdout.write(`${line}\n`)
      return
    }
    const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      throw new ClusterError(error.code === 'EEXIST' ? 'conflict' : 'invalid_request', `${file} can't be written: ${error.message}`, { cause: error })
    })
    try {
      for (const line of store.export()) await handle.write(`${line}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } finally {
    await store.close()
  }
}

/** Reads exported lines into a database that must be new. Throws `malformed` with the line, `conflict`. */
export async function importDatabase({ config, file }: DatabaseOptions): Promise<void> {
  const { values } = await openConfig(config)
  const store = await openSqliteStore({ file: databaseFile(config, values.data_directory) })
  try {
    const input = isStandardStream(file) ? process.stdin : createReadStream(file)
    const count = await store.import(createInterface({ input, crlfDelay: Infinity }))
    process.stdout.write(`${count} documents imported\n`)
  } finally {
    await store.close()
  }
}
