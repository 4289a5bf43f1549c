// Bundles the programs into dist/. Starting from few, small files is what keeps `ctl` quick;
// type checking is a step of its own (`npm run typecheck`).
import { build } from 'esbuild'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isCurrent, publishBuild } from './publish-build.js'

const root = fileURLToPath(new URL('..', import.meta.url))

const target = join(root, 'dist')
const sources = ['lib', 'master', 'slave', 'ctl', 'plugins', 'scripts/build.js', 'package.json', 'package-lock.json'].map((name) => join(root, name))

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  outdir: 'dist',
  write: false,
  logLevel: 'warning',
}

const selfContained = {
  minifySyntax: true,
  minifyWhitespace: true,
  // What CommonJS packages expect to be there.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
}

/** Builds where the sources are newer than what is there. */
export async function buildIfNeeded() {
  if (!await isCurrent(target, sources)) await buildAll()
}

/** Builds `dist/` from the sources. Programs that run go on with what they were started from. */
export async function buildAll() {
  const begunMs = Date.now()
  const plugins = readdirSync(`${root}/plugins`).filter((name) => existsSync(`${root}/plugins/${name}/index.ts`))
  const results = await Promise.all([
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
  const files = results.flatMap(({ outputFiles }) => outputFiles.map(({ path, contents }) => [relative(target, path), contents]))
  await publishBuild(target, Object.fromEntries(files), begunMs)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll()
