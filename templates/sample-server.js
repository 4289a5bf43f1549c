// The sample game: a server that does nothing but what a game server does around its game. Plain Node, no dependencies.
//
// Settings (environment): SAMPLE_PORT (TCP; 0 for none), SAMPLE_BIND, SAMPLE_NAME, SAMPLE_START_DELAY_MS, SAMPLE_CRASH_ON_START.
// Console (one command per line on stdin):
//   say TEXT      prints "[chat] <server>: TEXT"          players       prints "[players] N: a, b"
//   join NAME     prints "[join] NAME"                    echo TEXT     prints TEXT and nothing else
//   leave NAME    prints "[leave] NAME"                   chat NAME TEXT  prints "[chat] NAME: TEXT"
//   flood N       prints N lines "flood 1 of N", "flood 2 of N", ..., as fast as the disk takes them, then "[flood] N lines done"
//   longline N    prints one line of N letters x          binary        prints a line of all bytes but line feed
//   quit          says goodbye and ends with 0            crash [CODE]  ends at once with CODE (1)
//   save          prints "[save] done"
//   hang          reads nothing more, ignores SIGTERM and SIGINT: only SIGKILL helps
// Its own account of its life is in sample.log in its working directory: "begin PID TIME" and "end PID TIME CODE" (no
// end line after SIGKILL), so that two games that ran at once can be told.
import { appendFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const { env } = process
const players = new Set()
const port = Number(env.SAMPLE_PORT ?? 0)
const host = env.SAMPLE_BIND ?? '0.0.0.0'
let isHanging = false

/** Writes all of it before it returns, whatever stdout is; a reader that went away is no reason to die. */
function write(data) {
  let rest = Buffer.from(data)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if (error.code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

const print = (line) => write(`${line}\n`)
const note = (event) => {
  try {
    appendFileSync('sample.log', `${event}\n`)
  } catch {
    // A full disk must not end the game.
  }
}
const now = () => new Date().toISOString()

function end(code) {
  note(`end ${process.pid} ${now()} ${code}`)
  process.exit(code)
}

function quit(reason) {
  print(`Goodbye (${reason})`)
  end(0)
}

function flood(count) {
  const lines = []
  for (let i = 1; i <= count; i++) {
    lines.push(`flood ${i} of ${count}\n`)
    if (lines.length === 1000) write(lines.splice(0).join(''))
  }
  write(lines.join(''))
  print(`[flood] ${count} lines done`)
}

function hang() {
  isHanging = true
  input.close()
  process.stdin.pause()
  print('[hang] from now on only SIGKILL helps')
  setInterval(() => {}, 2 ** 30)
}

const count = (text) => Math.min(Math.max(Math.trunc(Number(text)) || 0, 0), 100_000_000)

const commands = {
  say: (text) => print(`[chat] <server>: ${text}`),
  save: () => print('[save] done'),
  chat: (text) => {
    const [name, ...words] = text.split(' ')
    print(`[chat] ${name}: ${words.join(' ')}`)
  },
  join: (name) => {
    players.add(name)
    print(`[join] ${name}`)
  },
  leave: (name) => {
    if (players.delete(name)) print(`[leave] ${name}`)
    else print(`[error] no player ${name}`)
  },
  players: () => print(`[players] ${players.size}: ${[...players].join(', ')}`),
  echo: (text) => print(text),
  flood: (text) => flood(count(text)),
  longline: (text) => print('x'.repeat(count(text))),
  binary: () => write(Buffer.from([...Array(256).keys()].filter((byte) => byte !== 10).concat(10))),
  quit: () => quit('quit'),
  crash: (code) => end(code === '' ? 1 : count(code) & 255),
  hang,
}

function obey(line) {
  const text = line.trim()
  if (text === '' || isHanging) return
  const space = text.indexOf(' ')
  const name = space < 0 ? text : text.slice(0, space)
  if (Object.hasOwn(commands, name)) commands[name](space < 0 ? '' : text.slice(space + 1))
  else print(`[error] unknown command ${name}; known are ${Object.keys(commands).join(', ')}`)
}

function ready() {
  print(`[ready] ${env.SAMPLE_NAME ?? 'sample'} is ready on port ${port}`)
}

function open() {
  if (port === 0) return ready()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${env.SAMPLE_NAME ?? 'sample'}\n`)
  })
  server.on('error', (error) => {
    print(`[error] cannot listen on port ${port}: ${error.code}`)
    end(1)
  })
  server.listen(port, host, ready)
}

note(`begin ${process.pid} ${now()}`)
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (!isHanging) quit(signal)
  })
}
print(`[start] sample server, pid ${process.pid}`)
const input = createInterface({ input: process.stdin, crlfDelay: Infinity })
input.on('line', obey)
// Without this a game whose input ended and that has no port would end with it.
setInterval(() => {}, 2 ** 30)
if (env.SAMPLE_CRASH_ON_START === 'true') {
  print('[error] crash_on_start is set')
  end(1)
}
setTimeout(open, Number(env.SAMPLE_START_DELAY_MS ?? 0))
