import { expect } from 'chai'
import { openError, writeError } from './sqlite-errors.ts'

/** SQLite's extended result codes, as libsql gives them. */
const codes = { busy: 5, full: 13, corrupt: 11, notADatabase: 26, ioWrite: 778, ioFsync: 1034, readOnly: 8 }

function sqliteError(rawCode: number): Error {
  return Object.assign(new Error('what SQLite says'), { rawCode })
}

describe('Errors of SQLite', () => {
  it('are told apart when the file is opened', () => {
    const codeOf = (thrown: unknown): string => openError('/data/store.db', thrown).code
    expect(codeOf(sqliteError(codes.busy))).to.equal('database_in_use')
    expect(codeOf(sqliteError(codes.full))).to.equal('disk_full')
    expect(codeOf(Object.assign(new Error('no space'), { code: 'ENOSPC' }))).to.equal('disk_full')
    for (const thrown of [sqliteError(codes.corrupt), sqliteError(codes.notADatabase), new Error('anything'), 'text', undefined]) {
      expect(codeOf(thrown)).to.equal('store_failed')
    }
  })

  it('end the store only where what is on the disk is not known', () => {
    const outcomeOf = (rawCode: number): [string, boolean] => {
      const { error, isFinal } = writeError('/data/store.db', sqliteError(rawCode))
      expect(error.message).to.contain('/data/store.db')
      return [error.code, isFinal]
    }
    expect(outcomeOf(codes.full)).to.deep.equal(['disk_full', false])
    expect(outcomeOf(codes.ioWrite)).to.deep.equal(['store_failed', false])
    expect(outcomeOf(codes.readOnly)).to.deep.equal(['store_failed', false])
    expect(outcomeOf(codes.ioFsync)).to.deep.equal(['store_failed', true])
    expect(outcomeOf(codes.corrupt)).to.deep.equal(['store_failed', true])
  })
})
