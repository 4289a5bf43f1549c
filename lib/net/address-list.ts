import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { ClusterError } from '../errors/cluster-error.ts'

/**
 * The check whether an IP address is on a list of addresses and networks, such as `10.0.0.7` and `10.0.0.0/24`.
 * `field` names the config field of the list. Throws `invalid_config` for an entry that is neither.
 */
export function addressList(field: string, entries: readonly string[]): (address: string) => boolean {
  const listed = new BlockList()
  for (const entry of entries) add(listed, field, entry)
  return (address) => {
    const plain = plainAddress(address)
    return (isIPv4(plain) && listed.check(plain, 'ipv4')) || (isIPv6(plain) && listed.check(plain, 'ipv6'))
  }
}

function add(listed: BlockList, field: string, entry: string): void {
  const [address = '', prefix, ...more] = plainAddress(entry).split('/')
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const bits = prefix === undefined ? undefined : Number(prefix)
  const isNetwork = bits === undefined || (/^\d+$/.test(prefix ?? '') && bits <= (family === 'ipv4' ? 32 : 128))
  if (more.length > 0 || !isNetwork || !(isIPv4(address) || isIPv6(address))) {
    throw new ClusterError('invalid_config', `${field}: "${entry}" is not an IP address; write one such as 10.0.0.7 or a network such as 10.0.0.0/24`)
  }
  if (bits === undefined) listed.addAddress(address, family)
  else listed.addSubnet(address, bits, family)
}

/** A server that listens on IPv6 sees IPv4 addresses in a longer form. */
function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
}
