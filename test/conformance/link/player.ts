import { expect } from 'chai'
import type { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startTestMaster } from '../../helpers/master.ts'
import { openMemoryStore } from '../../../lib/store/memory-store.ts'
import { TokenService } from '../../../master/services/tokens.ts'
import type { Conversation, Step } from './script.ts'
import { hello, ready, Wire } from './wire.ts'

/** Plays conversations with a real master; see `script.ts` for what it understands. */
export class Player {
  readonly #cleanups: Cleanups
  readonly #url: string
  readonly #admin: string
  readonly #viewer: string
  readonly #join: string
  readonly #wires = new Map<string, Wire>()
  readonly #slaveTokens = new Map<string, string>()
  #answer: Promise<unknown> = Promise.resolve()

  /** `admin`, `viewer` and `join` are tokens. */
  constructor(cleanups: Cleanups, url: string, admin: string, viewer = '', join = '') {
    this.#cleanups = cleanups
    this.#url = url
    this.#admin = admin
    this.#viewer = viewer
    this.#join = join
  }

  /** With a master of its own, to which nobody else is connected. */
  static async start(cleanups: Cleanups): Promise<Player> {
    const store = openMemoryStore()
    const tokens = new TokenService(store)
    const [admin, viewer] = [await tokens.create({ name: 'admin', role: 'admin' }), await tokens.create({ name: 'viewer', role: 'viewer' })]
    const join = await tokens.create({ name: 'join', role: 'join', uses: 1 })
    const config = { 'limits.handshake_ms': 1_000, 'limits.failed_logins_per_minute': 1_000 }
    const { url } = await startTestMaster(cleanups, { store, config })
    return new Player(cleanups, url, admin.token, viewer.token, join.token)
  }

  async play({ steps }: Conversation): Promise<void> {
    for (const step of steps) await this.#do(step)
  }

  async #do(step: Step): Promise<void> {
    const [first = '', second = '', ...more] = step.words
    const arrow = /^(\w+)>(\w+)$/.exec(first)
    if (arrow?.[1] === 'M' && arrow[2] === 'H') return this.#expectLike(await this.#answer, step)
    if (arrow?.[1] === 'H') {
      this.#answer = this.#post(second, step.text)
      return
    }
    if (arrow?.[1] === 'M') return this.#expectFrame(arrow[2] ?? '', step)
    if (arrow) return this.#wire(arrow[1] ?? '', step).say(await this.#filled(step.text))
    if (first === 'control' || first === 'viewer') return this.#register(second, `{"seq":1,"type":"register_control","data":{"token":"${first === 'viewer' ? this.#viewer : '$ADMIN'}","agent":"clusterctl","version":"2.0.0"}}`, step)
    if (first === 'slave') return this.#register(second, `{"seq":1,"type":"register_slave","data":{"token":"$SLAVE(${more[0]})","agent":"Clusterio Slave","version":"2.0.0","id":${more[0]},"name":"${more[1]}"}}`, step)
    if (first === 'open') return this.#open(second, step)
    if (first === 'M' && second === 'until') return this.#until(more[0] ?? '', step)
    if (first === 'metric') return this.#expectMetric(second, more[0] ?? '', step)
    if (second === 'leaves') return this.#wire(first, step).ws.terminate()
    if (second === 'ends') return this.#expectEnd(first, Number(more[0]), step)
    throw new Error(`${step.at} means nothing`)
  }

  async #open(name: string, step: Step): Promise<void> {
    this.#wires.set(name, new Wire(this.#url, this.#cleanups))
    expect(await this.#wire(name, step).hear(step.at)).to.equal(hello)
  }

  async #register(name: string, frame: string, step: Step): Promise<void> {
    await this.#open(name, step)
    this.#wire(name, step).say(await this.#filled(frame))
    expect(await this.#wire(name, step).hear(step.at), step.at).to.equal(ready)
  }

  async #expectFrame(name: string, step: Step): Promise<void> {
    const frame = await this.#wire(name, step).hear(step.at)
    const pattern = step.text.split('$INT').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\d+')
    if (!new RegExp(`^${pattern}$`).test(frame)) expect(frame, step.at).to.equal(step.text)
  }

  async #expectEnd(name: string, code: number, step: Step): Promise<void> {
    const wire = this.#wire(name, step)
    expect(await wire.last(step.at), step.at).to.deep.equal([])
    expect(wire.closed?.code, step.at).to.equal(code)
  }

  async #post(type: string, data: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${type}`, {
      method: 'POST', headers: { 'authorization': `Bearer ${this.#admin}`, 'content-type': 'application/json' }, body: data,
    })
    return response.json()
  }

  async #until(type: string, step: Step): Promise<void> {
    const [data, like] = step.text.split(' => ')
    await eventually(async () => this.#expectLike(await this.#post(type, data ?? ''), { ...step, text: like ?? '' }), { what: step.at })
  }

  #expectLike(answer: unknown, { at, text }: Step): void {
    if (!isLike(answer, JSON.parse(text))) throw new Error(`${at}: it is ${JSON.stringify(answer)}`)
  }

  async #expectMetric(name: string, value: string, { at }: Step): Promise<void> {
    await eventually(async () => {
      const text = await (await fetch(`${this.#url}/metrics`)).text()
      if (!text.split('\n').includes(`${name} ${value}`)) throw new Error(`it is ${text.split('\n').filter((line) => line.startsWith(name.split('{')[0] ?? '')).join(', ')}`)
    }, { what: at })
  }

  async #filled(text: string): Promise<string> {
    let filled = text.replaceAll('$ADMIN', this.#admin).replaceAll('$JOIN', this.#join).replace(/\$LONG\((\d+)\)/g, (_all, count) => 'x'.repeat(Number(count)))
    for (const [all, id = ''] of text.matchAll(/\$SLAVE\((-?\d+)\)/g)) filled = filled.replaceAll(all, await this.#slaveToken(id))
    return filled
  }

  async #slaveToken(id: string): Promise<string> {
    const known = this.#slaveTokens.get(id)
    if (known !== undefined) return known
    const { token } = await this.#post('create_slave_token', `{"slave_id":${id}}`) as { token: string }
    this.#slaveTokens.set(id, token)
    return token
  }

  #wire(name: string, { at }: Step): Wire {
    const wire = this.#wires.get(name)
    if (!wire) throw new Error(`${at}: nobody is called ${name}`)
    return wire
  }
}

/** Whether a value has all that another has: fields of objects, items of lists in any place. */
function isLike(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return Array.isArray(value) && (wanted.length > 0 || value.length === 0) && wanted.every((item) => value.some((each) => isLike(each, item)))
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(wanted).every(([name, item]) => isLike((value as Record<string, unknown>)[name], item))
}
