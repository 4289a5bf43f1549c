// Who may import whom; docs/architecture.md says why. TypeScript 7 has no API for the cruiser to parse with, so swc does;
// it sees type-only imports too, but not `import('x').T`, which the linter forbids.
const tests = '[.]test[.]ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'lib-imports-nothing-above',
      comment: 'lib/ is shared by all programs and knows none of them.',
      severity: 'error',
      from: { path: '^lib/', pathNot: tests },
      to: { path: '^(master|slave|ctl|plugins|web|test|scripts|bin)/' },
    },
    {
      name: 'programs-stay-apart',
      comment: 'master, slave and ctl meet on the link only; what they share belongs in lib/.',
      severity: 'error',
      from: { path: '^(master|slave|ctl)/', pathNot: tests },
      to: { path: '^(master|slave|ctl)/', pathNot: '^$1/' },
    },
    {
      name: 'programs-import-no-tests',
      comment: 'What ships does not depend on test helpers, scripts or the web UI\'s sources.',
      severity: 'error',
      from: { path: '^(master|slave|ctl)/', pathNot: tests },
      to: { path: '^(test|scripts|bin|web)/' },
    },
    {
      name: 'plugins-use-the-door',
      comment: 'A plugin imports its own files and corral/plugin; if it needs more, the plugin API lacks something.',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/', pathNot: tests },
      to: { path: '^(lib|master|slave|ctl|plugins|web|test|scripts|bin)/', pathNot: ['^plugins/$1/', '^lib/plugin[.]ts$'] },
    },
    {
      name: 'winston-behind-logger',
      comment: 'Code logs through lib/log/logger.ts; winston costs ctl its quick start.',
      severity: 'error',
      from: { pathNot: '^lib/log/create-logger[.]ts$' },
      to: { path: '(^|/)winston(/|$)' },
    },
    {
      name: 'ctl-without-winston',
      comment: 'Nothing that ctl loads may bring winston along, however indirectly.',
      severity: 'error',
      from: { path: '^ctl/', pathNot: tests },
      to: { path: '^lib/log/create-logger[.]ts$', reachable: true },
    },
    {
      name: 'libsql-behind-store',
      comment: 'Nothing outside lib/store knows SQL.',
      severity: 'error',
      from: { pathNot: '^lib/store/' },
      to: { path: '(^|/)libsql(/|$)' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one thing, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere would escape the other rules.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-declared-packages',
      comment: 'What ships uses packages from "dependencies" only.',
      severity: 'error',
      from: { path: '^(lib|master|slave|ctl|plugins)/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
    },
  },
}
