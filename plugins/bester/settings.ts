import { isIPv4, isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { addressList, ClusterError } from '../../lib/plugin.ts'
import { builtInTypes } from './wire/messages.ts'

/** Sockets in the plugin's own directory. */
export const defaultPaths = { unix: 'bester.sock', informer: 'informer.sock' } as const

export type HandlerConfig =
  | { readonly socket: string; readonly command?: string | readonly string[]; readonly request?: undefined }
  | { readonly request: string; readonly socket?: undefined }

/** The plugin's config fields, under their short names. */
export interface Config {
  readonly tcp4_port: number
  readonly tcp6_port: number
  readonly bind: string
  readonly unix_path: string
  readonly informer_path: string
  readonly handlers: Readonly<Record<string, HandlerConfig>>
  readonly peers: readonly string[]
  readonly handler_timeout_ms: number
  readonly max_frame_bytes: number
}

/** A program that the master starts, and what it is run with. */
export interface ProgramSettings {
  readonly type: string
  readonly socket: string
  readonly command: readonly [string, ...string[]]
}

export type Handler =
  | { readonly kind: 'socket'; readonly path: string; readonly isStarted: boolean }
  | { readonly kind: 'request'; readonly request: string }

interface TcpListener {
  readonly kind: 'tcp4' | 'tcp6'
  readonly address: { readonly host: string; readonly port: number }
  /** Nobody has asked for this very address: where the machine can't have it, the others will do. */
  readonly isOptional: boolean
}

interface UnixListener {
  readonly kind: 'unix'
  readonly address: { readonly path: string }
  readonly isOptional: boolean
}

export type ListenerSettings = TcpListener | UnixListener

/** The config as the door uses it: every path absolute, every address of its family. */
export interface Settings {
  readonly listeners: readonly ListenerSettings[]
  readonly informer: UnixListener | undefined
  readonly handlers: ReadonlyMap<string, Handler>
  readonly programs: readonly ProgramSettings[]
  readonly isPeer: (address: string) => boolean
  readonly handlerTimeoutMs: number
  readonly maxFrameBytes: number
}

/** Throws `invalid_config`. */
export function settingsOf(config: Config, directory: string): Settings {
  const unix = unixListener(config.unix_path, defaultPaths.unix, directory)
  const entries = Object.entries(config.handlers)
  for (const [type] of entries) {
    if (builtInTypes.has(type)) throw new ClusterError('invalid_config', `bester.handlers: "${type}" is built in; give the handler another type`)
  }
  return {
    listeners: [...tcpListeners(config), ...(unix ? [unix] : [])],
    informer: unixListener(config.informer_path, defaultPaths.informer, directory),
    handlers: new Map(entries.map(([type, handler]) => [type, handlerOf(handler, directory)])),
    programs: entries.flatMap(([type, { socket, ...rest }]) => {
      const command = 'command' in rest ? rest.command : undefined
      return socket === undefined || command === undefined ? [] : [{ type, socket: resolve(directory, socket), command: commandOf(command) }]
    }),
    isPeer: peerCheck(config.peers),
    handlerTimeoutMs: config.handler_timeout_ms,
    maxFrameBytes: config.max_frame_bytes,
  }
}

/** What connections over the unix socket have instead of an IP address. */
export const unixAddress = 'unix'

const loopbacks: readonly [string, string] = ['127.0.0.1', '::1']

/** Whether an address is that of another server. The loopback addresses are one machine, and its owner's. */
function peerCheck(peers: readonly string[]): (address: string) => boolean {
  const isListed = addressList('bester.peers', peers.filter((entry) => entry !== unixAddress))
  const isLocalListed = loopbacks.some(isListed)
  return (address) => {
    if (address === unixAddress) return peers.includes(unixAddress)
    return isListed(address) || (isLocalListed && loopbacks.includes(address))
  }
}

function handlerOf(handler: HandlerConfig, directory: string): Handler {
  return handler.request === undefined
    ? { kind: 'socket', path: resolve(directory, handler.socket), isStarted: handler.command !== undefined }
    : { kind: 'request', request: handler.request }
}

/** A text is what one would type, for the shell; a list is a program and its arguments. */
function commandOf(command: string | readonly string[]): readonly [string, ...string[]] {
  if (typeof command === 'string') return ['/bin/sh', '-c', command]
  const [program = '', ...args] = command
  return [program, ...args]
}

const counterparts = new Map([['127.0.0.1', '::1'], ['0.0.0.0', '::']])

function tcpListeners({ bind, tcp4_port: port4, tcp6_port: port6 }: Config): TcpListener[] {
  const given = bind.split(',').map((text) => text.trim()).flatMap((text) => (text === 'localhost' ? ['127.0.0.1', '::1'] : [text]))
  const wrong = given.find((text) => !isIPv4(text) && !isIPv6(text))
  if (wrong !== undefined) throw new ClusterError('invalid_config', `bester.bind: "${wrong}" is not an IP address; write one such as 127.0.0.1, or 0.0.0.0 for all`)
  const v4 = given.find((text) => isIPv4(text)) ?? [...counterparts].find(([, v6]) => given.includes(v6))?.[0]
  const v6 = given.find((text) => isIPv6(text)) ?? (v4 === undefined ? undefined : counterparts.get(v4))
  return [
    ...(v4 === undefined || port4 === 0 ? [] : [{ kind: 'tcp4' as const, address: { host: v4, port: port4 }, isOptional: !given.includes(v4) }]),
    ...(v6 === undefined || port6 === 0 ? [] : [{ kind: 'tcp6' as const, address: { host: v6, port: port6 }, isOptional: !given.includes(v6) }]),
  ]
}

function unixListener(text: string, defaultText: string, directory: string): UnixListener | undefined {
  if (text === '' || text === 'off') return undefined
  return { kind: 'unix', address: { path: resolve(directory, text) }, isOptional: text === defaultText }
}
