// A checkout has no dist/ until it is built; an installed package always has.
import { existsSync } from 'node:fs'

/** Runs one of the programs from `dist/`, building it first in a fresh checkout. */
export async function launch(program) {
  const entry = new URL(`../dist/${program}.js`, import.meta.url)
  if (!existsSync(entry)) {
    const { buildAll } = await import('../scripts/build.js')
    await buildAll()
  }
  await import(entry.href)
}
