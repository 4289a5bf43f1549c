import type { AddressInfo, Server } from 'node:net'
import { ClusterError } from '../errors/cluster-error.ts'

export interface TcpAddress {
  readonly host: string
  /** 0 asks for any free port. */
  readonly port: number
}

/** A socket in the file system. */
export interface PathAddress {
  readonly path: string
}

/**
 * Starts listening; resolves with the address in use, which for port 0 has the port that was given. The server is left
 * closed and without our listeners on failure. Throws `address_in_use`, `invalid_config` for an address that this
 * machine does not have or that the user may not use, and `shutting_down` when the server is closed meanwhile; it stays
 * closed then.
 */
export function listen(server: Server, address: TcpAddress): Promise<TcpAddress>
export function listen(server: Server, address: PathAddress): Promise<PathAddress>
export function listen(server: Server, address: TcpAddress | PathAddress): Promise<TcpAddress | PathAddress> {
  return new Promise((resolve, reject) => {
    const forget = () => server.off('error', onError).off('listening', onListening).off('close', onClose)
    const onError = (error: Error) => {
      forget()
      reject(explain(error, address))
    }
    const onListening = () => {
      forget()
      const actual = server.address()
      resolve(typeof actual === 'string' || actual === null ? address : tcpAddress(actual))
    }
    const onClose = () => {
      forget()
      // Some versions of Node go on with a host name that is being looked up, and open the port.
      server.on('error', () => {}).on('listening', () => server.close())
      reject(new ClusterError('shutting_down', `Cannot listen on ${addressText(address)}: the server was closed before it did`))
    }
    server.on('error', onError).on('listening', onListening).on('close', onClose)
    try {
      server.listen('path' in address ? { path: address.path } : { host: address.host, port: address.port })
    } catch (error) {
      // A port out of range throws instead of being emitted.
      onError(error as Error)
    }
  })
}

/** An address as people write it: `127.0.0.1:8080`, `[::1]:8080` or a path. */
export function addressText(address: TcpAddress | PathAddress): string {
  if ('path' in address) return address.path
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

function tcpAddress({ address, port }: AddressInfo): TcpAddress {
  return { host: address, port }
}

function explain(error: NodeJS.ErrnoException, address: TcpAddress | PathAddress): ClusterError {
  const where = addressText(address)
  const because = (code: 'address_in_use' | 'invalid_config', text: string) =>
    new ClusterError(code, `Cannot listen on ${where}: ${text}`, { details: { ...address }, cause: error })
  switch (error.code) {
    case 'EADDRINUSE':
      return because('address_in_use', 'path' in address
        ? 'the file exists; remove it if no program listens on it, or choose another path'
        : 'another program uses it; stop that program or choose another port')
    case 'EACCES':
    case 'EPERM':
      return because('invalid_config', 'path' in address
        ? 'this user may not create a socket there; choose another path'
        : 'this user may not use the port; choose one above 1023 or grant the permission')
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return because('invalid_config', 'this machine does not have the address; choose one that it has, or 0.0.0.0 for all')
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return because('invalid_config', 'the host name does not resolve; give an IP address or correct the name')
    default:
      return because('invalid_config', `${error.message}; choose another address`)
  }
}
