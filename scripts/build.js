// Bundles the programs into dist/. Starting from few, small files is what keeps `ctl` quick;
// type checking is a step of its own (`npm run typecheck`).
import { build } from 'esbuild'
import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  outdir: 'dist',
  logLevel: 'warning',
}

const selfContained = {
  minifySyntax: true,
  minifyWhitespace: true,
  // What CommonJS packages expect to be there.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
}

/** Rebuilds `dist/` from the sources. */
export async function buildAll() {
  const plugins = readdirSync(`${root}/plugins`).filter((name) => existsSync(`${root}/plugins/${name}/index.ts`))
  await rm(`${root}/dist`, { recursive: true, force: true })
  await Promise.all([
    build({
      ...shared,
      entryPoints: {
        'master': 'master/main.ts',
        'store-worker': 'lib/store/worker.ts',
        'plugin': 'lib/plugin.ts',
        ...Object.fromEntries(plugins.map((name) => [`plugins/${name}`, `plugins/${name}/index.ts`])),
      },
      chunkNames: 'shared/[name]-[hash]',
      packages: 'external',
    }),
    // These carry their dependencies with them: few files are read instead of hundreds, and less memory is used.
    build({
      ...shared,
      ...selfContained,
      entryPoints: { ctl: 'ctl/main.ts' },
      chunkNames: 'ctl/[name]-[hash]',
    }),
    build({
      ...shared,
      ...selfContained,
      entryPoints: { slave: 'slave/main.ts' },
      chunkNames: 'slave/[name]-[hash]',
      // Loaded only where a template asks for queries, and large.
      external: ['gamedig'],
    }),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll()
