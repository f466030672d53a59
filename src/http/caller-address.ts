/** Who calls: the peer of the socket, or whom a trusted proxy speaks for. */

import { BlockList, isIP } from 'node:net'

export type CallerAddress = {
  /** Without brackets, port or zone; an IPv4 address in IPv6 clothing is given as IPv4. Empty = unknown. */
  readonly remoteAddress: string
  /** The peer itself is this machine, and it does not speak for somebody else. */
  readonly fromLoopback: boolean
}

export type TrustedProxies = { readonly trusts: (address: string) => boolean }

/** Proxies chain rarely; a longer list is somebody's invention and is not read further. */
const hopsMax = 32

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** A bare address from a socket's or a header's word for it, `null` = it is none. */
export const bareAddress = (text: string): string | null => {
  if (isIP(text) === 4) return text
  const trimmed = text.trim()
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)
  const host = bracketed?.[1] ?? (/^[\d.]+:\d+$/.test(trimmed) ? trimmed.slice(0, trimmed.indexOf(':')) : trimmed)
  const [address = ''] = host.split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const bare = mapped ?? address
  return isIP(bare) === 0 ? null : bare
}

/**
 * A list of addresses and networks (`10.0.0.0/8`, `fd00::/8`).
 * @throws RangeError on an entry that is neither.
 */
export const trustedProxies = (networks: readonly string[]): TrustedProxies => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    if (isIP(address) === 0) throw new RangeError(`"${network}" is neither an address nor a network such as 10.0.0.0/8`)
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return { trusts: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)) }
}

const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip']

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

/** Reads `x-forwarded-for` from its end for as long as the one who wrote the entry is trusted. */
export const callerAddress = (
  peer: string | undefined,
  headers: Readonly<Record<string, string>>,
  trusted: TrustedProxies,
): CallerAddress => {
  const peerAddress = bareAddress(peer ?? '') ?? ''
  const speaksForOther = forwardingHeaders.some((name) => headers[name] !== undefined)
  let remoteAddress = peerAddress
  const hops = headers['x-forwarded-for']?.split(',').slice(-hopsMax).reverse() ?? []
  for (const hop of hops) {
    if (!trusted.trusts(remoteAddress)) break
    const address = bareAddress(hop)
    if (address === null) break
    remoteAddress = address
  }
  return { remoteAddress, fromLoopback: isLoopback(peerAddress) && !speaksForOther }
}
