// A slave reduced to its order of steps: intent, launch, record; recover after a kill. Kills itself where it is told to.
//   node --import tsx run-kill-slave.ts DIRECTORY INSTANCES POINT [finish]
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { acquireDataLock } from '../../slave/data-lock.ts'
import { Run } from '../../slave/run/run.ts'

export interface RunRecord {
  run: number
  state: 'starting' | 'running' | 'ended' | 'never began'
  code: number | null
}

const [directory = '', instances = '1', point = '', mode] = process.argv.slice(2)

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** Dies at a named step, once it comes up after a random number of times. */
let countdown = Math.floor(Math.random() * 6)
function step(name: string): void {
  if (name === point && countdown-- <= 0) die()
}

function save(instance: number, record: RunRecord): void {
  const path = join(directory, `records/${instance}-${record.run}.json`)
  writeFileSync(`${path}.new`, JSON.stringify(record))
  renameSync(`${path}.new`, path)
  writeFileSync(join(directory, `records/${instance}.latest.new`), String(record.run))
  renameSync(join(directory, `records/${instance}.latest.new`), join(directory, `records/${instance}.latest`))
}

function latest(instance: number): RunRecord | undefined {
  const path = join(directory, `records/${instance}.latest`)
  if (!existsSync(path)) return undefined
  return JSON.parse(readFileSync(join(directory, `records/${instance}-${readFileSync(path, 'utf8')}.json`), 'utf8')) as RunRecord
}

function runDirectory(instance: number, run: number): string {
  return join(directory, `instances/${instance}/runs/${run}`)
}

// Begins, claims that it is the only one of its instance, ends with a status that tells which run it was.
const game = `
mkdir "$BASE/alive-$1" 2>/dev/null || echo "double $1 $2" >>"$BASE/truth"
echo "begin $1 $2" >>"$BASE/truth"
sleep 0.0$(( ($1 * 7 + $2 * 3) % 10 ))
rmdir "$BASE/alive-$1"
echo "end $1 $2" >>"$BASE/truth"
exit $(( ($1 * 31 + $2) % 100 ))`

async function finish(instance: number, run: Run, number: number): Promise<void> {
  const exit = await new Promise<{ code: number | null }>((resolve) => run.onExit(resolve))
  step('exit')
  save(instance, { run: number, state: 'ended', code: exit.code })
  step('ended')
  await run.detach()
}

async function startNext(instance: number, number: number): Promise<void> {
  save(instance, { run: number, state: 'starting', code: null })
  step('intent')
  if (point === 'launch' && countdown-- <= 0) setTimeout(die, Math.random() * 30)
  const run = await Run.launch({
    directory: runDirectory(instance, number),
    argv: ['sh', '-c', game, 'game', String(instance), String(number)],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', BASE: directory },
    hasInput: true,
    hasTerminal: false,
    consoleLimitBytes: 1e6,
  })
  step('launched')
  save(instance, { run: number, state: 'running', code: null })
  step('running')
  await finish(instance, run, number)
}

async function supervise(instance: number): Promise<void> {
  const record = latest(instance)
  if (record && record.state !== 'ended' && record.state !== 'never began') {
    const run = await Run.recover({ directory: runDirectory(instance, record.run), consoleLimitBytes: 1e6 })
    step('recovered')
    if (run) await finish(instance, run, record.run)
    else save(instance, { ...record, state: 'never began' })
  }
  for (let number = (latest(instance)?.run ?? 0) + 1; mode !== 'finish'; number++) await startNext(instance, number)
}

if (process.argv[1]?.endsWith('run-kill-slave.ts')) {
  await acquireDataLock(directory)
  mkdirSync(join(directory, 'records'), { recursive: true })
  console.log('up')
  await Promise.all(Array.from({ length: Number(instances) }, (_, i) => supervise(i + 1)))
}
