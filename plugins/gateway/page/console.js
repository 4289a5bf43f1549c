// A client of the gateway in plain JavaScript: docs/protocols/gateway.md says what it sends and gets.
const subtypes = { connect: 0, verify: 1, interfaces: 2, streams: 3, subscribe: 4, unsubscribe: 5, command: 7, challenge: 8, disconnect: 9 }
const maxOutputLines = 2_000
const retryMs = 1_000

const element = (id) => document.getElementById(id)
const view = {
  connection: element('connection'), services: element('services'), noServices: element('no-services'),
  service: element('service'), title: element('service-title'), state: element('state'),
  verify: element('verify'), secret: element('secret'), tools: element('tools'), streams: element('streams'),
  output: element('output'), send: element('send'), interface: element('interface'), command: element('command'),
  commands: element('commands'), argument: element('argument'),
}

let socket
let lastId = 0
let services = []
/** The service that is shown: its id, last challenge, interfaces and streams. */
let current
const waiting = new Map()

function connect() {
  socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/gateway`)
  socket.addEventListener('open', () => { view.connection.textContent = 'Connected' })
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(data)))
  socket.addEventListener('close', ({ reason }) => {
    view.connection.textContent = `Disconnected${reason ? `: ${reason}` : ''}. Trying again …`
    for (const { reject } of waiting.values()) reject(new Error('the connection was lost'))
    waiting.clear()
    showServices([])
    close()
    setTimeout(connect, retryMs)
  })
}

function receive(message) {
  if (message.type === 0) {
    showServices(message.data)
  } else if (message.type === 1 && message.subtype === subtypes.challenge && message.server === current?.id) {
    challenged(message.data[0])
  } else if (message.type === 2) {
    const { resolve, reject } = waiting.get(message.id) ?? {}
    waiting.delete(message.id)
    if (message.ok) resolve?.(message.data)
    else reject?.(new Error([message.error, ...(message.data ?? [])].join(': ')))
  } else if (message.type === 3 && message.server === current?.id) {
    const name = current.streams.find(({ id }) => id === message.subtype)?.name ?? message.subtype
    for (const item of message.data) print(name === 'console' && typeof item === 'string' ? item : `[${name}] ${textOf(item)}`)
    if (message.data.length === 0) print(`[${name}] nobody`)
  }
}

function ask(subtype, fields = {}, server = current.id) {
  lastId += 1
  const id = lastId
  socket.send(JSON.stringify({ type: 1, subtype, server, id, ...fields }))
  return new Promise((resolve, reject) => { waiting.set(id, { resolve, reject }) })
}

function showServices(list) {
  services = list
  view.noServices.hidden = list.length > 0
  const focused = view.services.contains(document.activeElement) ? document.activeElement.dataset.name : undefined
  view.services.replaceChildren(...list.map((service) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.dataset.name = service.name
    button.classList.toggle('offline', !service.online)
    button.setAttribute('aria-current', String(service.id === current?.id))
    button.append(service.name, note(`${service.kind}, ${service.online ? 'online' : 'away'}`))
    button.addEventListener('click', () => { void open(service) })
    const item = document.createElement('li')
    item.append(button)
    return item
  }))
  if (focused !== undefined) view.services.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus()
  if (current && !list.some(({ id, online }) => id === current.id && online)) say('This service is away; open it again when it is back.', true)
}

function note(text) {
  const small = document.createElement('small')
  small.textContent = text
  return small
}

async function open(service) {
  if (current) ask(subtypes.disconnect).catch(() => {})
  current = { id: service.id, kind: service.kind, nonce: undefined, streams: [], interfaces: [] }
  view.service.hidden = false
  view.title.textContent = service.name
  view.output.replaceChildren()
  lock()
  showServices(services)
  say('Connecting …')
  await attempt(async () => {
    await ask(subtypes.connect)
    say(current.nonce === undefined ? 'Connected; waiting for a challenge.' : 'Verify yourself to go on.')
  })
}

function close() {
  current = undefined
  view.service.hidden = true
}

/** A challenge asks anew who this is, also when a token is no longer good. */
function challenged(nonce) {
  current.nonce = nonce
  lock()
  say('Verify yourself to go on.')
  view.secret.focus()
}

function lock() {
  view.tools.hidden = true
  view.verify.hidden = false
}

async function unlock() {
  const [interfaces, streams] = await Promise.all([ask(subtypes.interfaces), ask(subtypes.streams)])
  current.interfaces = interfaces
  current.streams = streams
  view.interface.replaceChildren(...interfaces.map(({ id, name }) => new Option(name, id)))
  view.interface.value = interfaces.find(({ name }) => name === 'console')?.id ?? view.interface.value
  listCommands()
  view.streams.replaceChildren(view.streams.querySelector('legend'), ...streams.map(streamBox))
  view.verify.hidden = true
  view.tools.hidden = false
  say('Verified.')
}

function streamBox({ id, name }) {
  const box = document.createElement('input')
  box.type = 'checkbox'
  box.dataset.stream = name
  box.addEventListener('change', () => { void toggle(box, id) })
  const label = document.createElement('label')
  label.append(box, ` ${name}`)
  return label
}

function toggle(box, stream) {
  return attempt(async () => {
    await ask(box.checked ? subtypes.subscribe : subtypes.unsubscribe, { stream })
    say(`${box.dataset.stream}: ${box.checked ? 'open' : 'closed'}`)
  }, () => { box.checked = !box.checked })
}

function listCommands() {
  const { commands = [] } = current.interfaces.find(({ id }) => String(id) === view.interface.value) ?? {}
  view.commands.replaceChildren(...commands.map((name) => new Option(name)))
  view.command.value = commands[0] ?? ''
}

/** Services of the cluster take a token as it is; others want to see that the secret is known, and not the secret. */
async function answerTo(secret) {
  if (current.kind !== 'external') return secret
  if (!crypto.subtle) throw new Error('this browser computes proofs on https:// and localhost only')
  const bytes = new TextEncoder()
  const key = await crypto.subtle.importKey('raw', bytes.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes.encode(current.nonce ?? '')))
  return [...signature].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function print(text) {
  const isAtEnd = view.output.scrollTop + view.output.clientHeight >= view.output.scrollHeight - 8
  const line = document.createElement('div')
  line.textContent = text
  view.output.append(line)
  while (view.output.childElementCount > maxOutputLines) view.output.firstElementChild.remove()
  if (isAtEnd) view.output.scrollTop = view.output.scrollHeight
}

function textOf(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function say(text, isError = false) {
  view.state.textContent = text
  view.state.classList.toggle('error', isError)
}

async function attempt(action, undo = () => {}) {
  try {
    await action()
  } catch (error) {
    undo()
    say(`That did not work: ${error.message}`, true)
  }
}

view.interface.addEventListener('change', listCommands)
view.verify.addEventListener('submit', (event) => {
  event.preventDefault()
  void attempt(async () => {
    await ask(subtypes.verify, { answer: await answerTo(view.secret.value) })
    view.secret.value = ''
    await unlock()
  })
})
view.send.addEventListener('submit', (event) => {
  event.preventDefault()
  const args = view.argument.value === '' ? [] : [view.argument.value]
  void attempt(async () => {
    const data = await ask(subtypes.command, { interface: Number(view.interface.value), command: view.command.value, args })
    view.argument.value = ''
    say('Done.')
    for (const item of data) if (item !== '') print(`→ ${textOf(item)}`)
  })
})
connect()
