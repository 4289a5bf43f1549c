// Writes the pages of docs/reference/ that follow from the code (`npm run docs`).
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../lib/package-root.ts'
import { referencePages } from './docs/pages.ts'

const directory = join(packageRoot, 'docs/reference')
await mkdir(directory, { recursive: true })
for (const [name, text] of Object.entries(await referencePages())) await writeFile(join(directory, name), text)
