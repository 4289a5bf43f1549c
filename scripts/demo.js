// Runs a whole cluster in the foreground: a master, a slave and a game server, with their data under ./demo-data.
// Nothing here is special to the demo: it runs the same commands that an operator types.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildIfNeeded } from './build.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const data = join(process.cwd(), 'demo-data')
const files = {
  master: join(data, 'config-master.json'),
  slave: join(data, 'config-slave.json'),
  control: join(data, 'config-control.json'),
}
const usualPort = 8080
const readyDeadlineMs = 60_000
const instance = 'arena'
const run = promisify(execFile)
/** Those that run, in the order in which they were started. */
const programs = []
let isStopping = false

/** Runs one of the programs to its end and gives what it printed. */
async function command(program, ...args) {
  const { stdout } = await run(process.execPath, [join(root, 'bin', `${program}.js`), ...args, '--config', files[program === 'ctl' ? 'control' : program]])
  return stdout
}

const ctl = async (...args) => JSON.parse(await command('ctl', ...args, '-o', 'json'))

/** Starts a program that stays until the demo ends, its output marked with its name. */
function start(program, ...args) {
  if (isStopping) throw new Error('it was told to stop')
  const child = spawn(process.execPath, [join(root, 'bin', `${program}.js`), ...args, '--config', files[program]], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal sends Ctrl-C to its whole group; the order in which the programs end is decided here.
    detached: true,
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    let begun = ''
    stream.on('data', (text) => {
      const lines = (begun + text).split('\n')
      begun = lines.pop() ?? ''
      for (const line of lines) console.log(`${program.padEnd(6)} | ${line}`)
    })
  }
  programs.push(child)
  return child
}

function ended(child) {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve))
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

async function freePort() {
  if (await isFree(usualPort)) return usualPort
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** Asks again until the answer is good, or the deadline has passed. */
async function until(what, ask) {
  const deadline = Date.now() + readyDeadlineMs
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${readyDeadlineMs / 1000} s`)
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
}

function isInstalled(program) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/games'].some((directory) => existsSync(join(directory, program)))
}

await buildIfNeeded()
await mkdir(data, { recursive: true })

const port = await freePort()
const url = `http://127.0.0.1:${port}`
let token
if (!existsSync(files.master)) {
  const made = JSON.parse(await command('master', 'bootstrap', '--http-port', String(port), '--data-directory', join(data, 'master'), '--json'))
  token = made.join_token
} else {
  await command('master', 'config', 'set', 'http_port', String(port))
  await command('ctl', 'config', 'set', 'url', url)
}

async function stop() {
  if (isStopping) return
  isStopping = true
  console.log('\nStopping the game and the slave, then the master …')
  for (let child = programs.pop(); child; child = programs.pop()) {
    child.kill('SIGTERM')
    await ended(child)
  }
  process.exit()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop())
// A terminal that was closed takes no more lines; the programs are ended in order all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  const master = start('master', 'run')
  await until('The master', () => Promise.race([ctl('master', 'status'), ended(master).then(() => { throw new Error('The master ended') })]))
  if (!existsSync(files.slave)) {
    token ??= (await ctl('slave', 'invite')).token
    await command('slave', 'join', url, token, '--name', 'demo', '--data-directory', join(data, 'slave'))
  } else {
    await command('slave', 'config', 'set', 'master_url', url)
  }
  start('slave', 'run', '--stop-games-on-exit')
  await until('The slave', async () => (await ctl('slave', 'list')).some(({ connected }) => connected))

  const instances = await ctl('instance', 'list')
  if (!instances.some(({ name }) => name === instance)) {
    await ctl('instance', 'create', instance, '--template', isInstalled('teeworlds-server') ? 'teeworlds' : 'sample', '--slave', 'demo')
  }
  await ctl('instance', 'start', instance, '--wait')
  const [shown] = [await ctl('instance', 'show', instance)].flat()

  const config = relative(process.cwd(), files.control)
  console.log(`
The cluster runs: master at ${url}, slave demo, and ${instance} (${shown.template}) on port ${Object.values(shown.ports)[0]}.
Try in a second shell:

  export CORRAL_CONFIG=${config}
  npx --no ctl slave list
  npx --no ctl instance list
  npx --no ctl instance console ${instance}
  npx --no ctl instance restart ${instance} --wait

Ctrl-C here ends everything in order; the next \`npm run demo\` goes on with what is there.`)
} catch (error) {
  if (!isStopping) {
    console.error(`The demo could not start: ${error.stderr || error.message}`)
    process.exitCode = 1
  }
  await stop()
}
