import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../../lib/package-root.ts'
import { report, startBester } from '../../../test/helpers/bester.ts'
import type { Json } from '../../../test/helpers/bester.ts'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { eventually } from '../../../test/helpers/eventually.ts'
import { temporaryDirectory } from '../../../test/helpers/temp-directory.ts'
import { Programs } from './programs.ts'

/** Answers with its own pid and what it was started with; ends when it is told to. */
const handlerSource = `
const net = require('net')
const { BESTER_TYPE, BESTER_SOCKET, BESTER_INFORMER, CORRAL_SECRET = null } = process.env
console.log('handler ' + BESTER_TYPE + ' is here')
console.error('and complains')
net.createServer((socket) => socket.once('data', (frame) => {
  const data = JSON.parse(frame.subarray(4).toString())
  if (data === 'end') process.exit(7)
  const body = Buffer.from(JSON.stringify({
    header: { status: '0', command: { type: 'sendClients', data: ['alice'] } },
    data: { pid: process.pid, type: BESTER_TYPE, informer: BESTER_INFORMER, secret: CORRAL_SECRET, cwd: process.cwd() },
  }))
  const head = Buffer.alloc(4)
  head.writeInt32LE(body.length)
  socket.end(Buffer.concat([head, body]))
})).listen(BESTER_SOCKET)
`

function recorder() {
  const lines: string[] = []
  const write = (text: string, fields: object = {}): void => { lines.push(`${text} ${JSON.stringify(fields)}`) }
  const log: Json = { error: write, warn: write, info: write, debug: write, child: () => log }
  return { log, text: () => lines.join('\n') }
}

/** Whether a process runs; one that has ended and is not yet buried does not. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('Handlers that the master runs', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function start(command: (file: string) => Json, log?: Json) {
    const directory = await temporaryDirectory(cleanups)
    const file = join(directory, 'handler.cjs')
    await writeFile(file, handlerSource)
    const socket = join(directory, 'handler.sock')
    const bester = await startBester(cleanups, {
      fields: { handlers: { who: { socket, command: command(file) } }, handler_timeout_ms: 5_000 }, ...(log ? { log } : {}),
    })
    return { bester, socket }
  }

  it('are started, know their socket and the informer, and get messages as soon as they listen', async () => {
    process.env['CORRAL_SECRET'] = 'not theirs'
    cleanups.add(() => { delete process.env['CORRAL_SECRET'] })
    const { log, text } = recorder()
    const { bester } = await start((file) => [process.execPath, file], log)
    const client = await bester.login()
    const { data } = (await client.ask('who', 1)).payload
    expect(data).to.include({ type: 'who', informer: bester.path('informer.sock'), secret: null, cwd: join(bester.dataDirectory, 'plugins/bester') })
    expect(text()).to.include('handler who is here {"handler":"who"}').and.include('and complains {"handler":"who"}')
  })

  it('are started again when they end, and stopped with the master, all that they started with them', async () => {
    const { log, text } = recorder()
    const { bester, socket } = await start((file) => `sleep 1000 & echo "sleeper $!"; '${process.execPath}' '${file}'; exit $?`, log)
    const client = await bester.login()
    const first = (await client.ask('who', 1)).payload.data.pid as number
    expect(await client.ask('who', 'end', 'x')).to.deep.equal(report('x', 'bad'))
    const second = await eventually(async () => {
      // One that comes while the process ends is bad; what it did of it nobody knows.
      const { payload } = await client.ask('who', 1, 'y')
      if (payload.type === 'who') await client.next()
      return payload.data.pid as number
    })
    expect(second).to.not.equal(first)
    expect(text()).to.match(/program of the handler who has ended \(exit code 7\); it is started again in \d+ ms/)
    const sleepers = [...text().matchAll(/sleeper (\d+)/g)].map(([, pid]) => Number(pid))
    expect(sleepers).to.have.length(2)
    await bester.stop()
    await eventually(() => expect([first, second, ...sleepers].filter(isAlive)).to.deep.equal([]))
    expect(existsSync(socket)).to.equal(true)
  })

  it('that cannot be started are tried again, and their messages are bad', async () => {
    const { log, text } = recorder()
    const directory = await temporaryDirectory(cleanups)
    const commands: [string, ...string[]][] = [['/nonexistent/program'], ['not a \0 name']]
    const programs = new Programs({
      programs: commands.map((command, index) => ({ type: `none${index}`, socket: join(directory, `s${index}`), command })),
      directory, informerPath: undefined, log, restart: { baseMs: 20, capMs: 20 },
    })
    cleanups.add(() => programs.stop())
    await programs.start()
    for (const why of ['ENOENT', 'null bytes']) await eventually(() => expect(text().match(new RegExp(why, 'g'))).to.have.length.above(1))
    const bester = await startBester(cleanups, { fields: { handler_timeout_ms: 100, handlers: { none: { socket: join(directory, 's'), command: ['/nonexistent/program'] } } }, log })
    expect(await (await bester.login()).ask('none', 1, 'x')).to.deep.equal(report('x', 'bad'))
  })

  it('are started once there are file descriptors again where there were none', async () => {
    const directory = await temporaryDirectory(cleanups)
    const file = join(directory, 'exhausted.ts')
    await writeFile(file, `
      import { closeSync, openSync } from 'node:fs'
      import { Program } from ${JSON.stringify(join(packageRoot, 'plugins/bester/programs/program.ts'))}
      const files: number[] = []
      const write = (text: string): void => {
        console.log(text)
        if (text === 'I am here') process.exit(0)
        if (text.includes('EMFILE')) for (const fd of files.splice(0)) closeSync(fd)
      }
      const log = { error: write, warn: write, info: write, debug: write, child: () => log }
      try {
        for (;;) files.push(openSync('/dev/null', 'r'))
      } catch {
        void new Program({
          type: 'late', socket: ${JSON.stringify(join(directory, 's'))}, command: ['/bin/sh', '-c', 'echo I am here; exec sleep 9'], directory: '/',
          informerPath: undefined, log, started: () => {}, restart: { baseMs: 20, capMs: 20 },
        }).start()
      }
    `)
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n 100; exec "$0" --import tsx "$1"', process.execPath, file], { cwd: packageRoot, timeout: 10_000 })
    expect(stdout).to.match(/has ended \(.*EMFILE\)[\s\S]*I am here/)
  })

  it('that withstand SIGTERM are ended all the same', async () => {
    const { log, text } = recorder()
    const directory = await temporaryDirectory(cleanups)
    const programs = new Programs({
      programs: [{ type: 'stubborn', socket: join(directory, 's'), command: ['/bin/sh', '-c', 'trap "" TERM; echo "pid $$"; while :; do sleep 0.05; done'] }],
      directory, informerPath: undefined, log, endMs: 100,
    })
    await programs.start()
    await eventually(() => expect(text()).to.match(/pid \d+/))
    const pid = Number(/pid (\d+)/.exec(text())?.[1])
    await programs.stop()
    expect(isAlive(pid)).to.equal(false)
  })

  it('of a master that was killed are ended by the next one, and nobody else is', async () => {
    const { log, text } = recorder()
    const directory = await temporaryDirectory(cleanups)
    const settings = { programs: [{ type: 'left', socket: join(directory, 's'), command: ['/bin/sh', '-c', 'echo "pid $$"; exec sleep 1000'] as [string, ...string[]] }], directory, informerPath: undefined, log }
    const killed = new Programs(settings)
    await killed.start()
    cleanups.add(() => killed.stop())
    await eventually(() => expect(text()).to.match(/pid \d+/))
    const pid = Number(/pid (\d+)/.exec(text())?.[1])
    const record = join(directory, 'programs.json')
    const found = await eventually(async () => {
      const list = JSON.parse(await readFile(record, 'utf8')) as { pid: number; startedAt: string }[]
      expect(list).to.have.length(1)
      return list
    })
    // A pid that was given out again is another process.
    await writeFile(record, JSON.stringify([{ pid: process.pid, startedAt: '1' }, { pid: 'x' }, null, ...found]))
    const next = new Programs({ ...settings, programs: [] })
    await next.start()
    await eventually(() => expect(isAlive(pid)).to.equal(false))
    await writeFile(record, 'nonsense')
    await next.start()
    await next.stop()
  })
})
