import { connect, type Socket } from 'node:net'

/** Enough for any prompt of the login. */
const TAIL_LIMIT_CHARS = 512
const BACKLOG_LIMIT_BYTES = 16 * 1024

export interface EconLogin {
  port: number
  password: string
  loginDeadlineMs: number
}

interface EconConnectionOwner {
  /** The game has accepted the password. */
  ready(): void
  /** The connection is over, or never was; called exactly once unless it was closed by its owner. */
  gone(reason: string): void
}

/**
 * One connection to a game's econ: logs in, then takes lines. What the game sends after the login is thrown away. It ends
 * with a reset: after an end in order that the game began, the system would keep the game's port for a minute, and the
 * next game could not have it.
 */
export class EconConnection {
  readonly #socket: Socket
  readonly #login: EconLogin
  readonly #owner: EconConnectionOwner
  readonly #deadline: NodeJS.Timeout
  #phase: 'greeting' | 'password' | 'ready' | 'over' = 'greeting'
  #tail = ''

  constructor(login: EconLogin, owner: EconConnectionOwner) {
    this.#login = login
    this.#owner = owner
    this.#deadline = setTimeout(() => this.#end('it did not answer the login in time'), login.loginDeadlineMs)
    this.#socket = connect({ host: '127.0.0.1', port: login.port, noDelay: true, allowHalfOpen: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('error', (error) => this.#end(error.message))
    for (const over of ['end', 'close']) this.#socket.on(over, () => this.#end('it closed the connection'))
    this.#socket.on('data', (text: string) => this.#read(text))
  }

  /** Whether the game still reads what it was sent. */
  get hasRoom(): boolean {
    return this.#socket.writableLength < BACKLOG_LIMIT_BYTES
  }

  /** Sends a line; `done` hears when the socket has taken it, or why not. */
  write(line: string, done: (error?: Error | null) => void): void {
    this.#socket.write(`${line}\n`, 'utf8', done)
  }

  /** Ends the connection as if the game had, for the reason given. */
  drop(reason: string): void {
    this.#end(reason)
  }

  close(): void {
    this.#phase = 'over'
    clearTimeout(this.#deadline)
    // One that has not begun has nothing to reset, and must not be waited for.
    if (this.#socket.connecting) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  #read(text: string): void {
    if (this.#phase === 'ready' || this.#phase === 'over') return
    this.#tail = (this.#tail + text).slice(-TAIL_LIMIT_CHARS)
    if (this.#phase === 'greeting' && this.#tail.includes('Enter password:')) {
      this.#phase = 'password'
      this.#tail = ''
      this.#socket.write(`${this.#login.password}\n`)
    } else if (this.#tail.includes('Authentication successful')) {
      this.#phase = 'ready'
      this.#tail = ''
      clearTimeout(this.#deadline)
      this.#owner.ready()
    } else if (this.#tail.includes('Wrong password')) {
      this.#end('it refused the password')
    }
  }

  #end(reason: string): void {
    if (this.#phase === 'over') return
    this.close()
    this.#owner.gone(reason)
  }
}
