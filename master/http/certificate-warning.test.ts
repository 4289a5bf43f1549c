import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { temporaryDirectory } from '../../test/helpers/temp-directory.ts'
import { certificateWarning } from './certificate-warning.ts'

const dayMs = 86_400_000

describe('certificateWarning', () => {
  const cleanups = new Cleanups()
  let file: string
  before(async () => {
    const directory = await temporaryDirectory(cleanups)
    file = join(directory, 'cert.pem')
    await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=test', '-keyout', join(directory, 'key.pem'), '-out', file])
  })
  after(() => cleanups.run())

  const inDays = (days: number): Promise<string | undefined> => certificateWarning(file, new Date(Date.now() + days * dayMs))

  it('says nothing of a certificate that is good for two weeks and more', async () => {
    expect(await certificateWarning(file)).to.equal(undefined)
    expect(await inDays(15.5)).to.equal(undefined)
  })

  it('says on what day one expires, from two weeks before', async () => {
    expect(await inDays(16.5)).to.match(/^The TLS certificate expires on \d{4}-.*Z, in 13 days; renew /).and.include(file)
    expect(await inDays(28.5)).to.include('in 1 day;')
  })

  it('says that nobody can connect with one that has expired, or is not valid yet', async () => {
    expect(await inDays(31)).to.include('HAS EXPIRED').and.include(file)
    expect(await inDays(-1)).to.include('NOT VALID YET').and.include(file)
  })
})
