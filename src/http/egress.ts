/**
 * The guard on what is dialled: only public addresses, unless a provider is allowed private ones. It sits where the socket
 * is opened, on the very addresses that are dialled, so that no second look-up can give another answer.
 */

import type { LookupFunction } from 'node:net'
import { BlockList, isIP } from 'node:net'
import { Problem } from '#base/problem.ts'

export type ResolvedAddress = { readonly address: string; readonly family: 4 | 6 }

/** Resolves a host name to all its addresses. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>

export type Egress = {
  /** Refuses URLs that must not be sent to, as far as the text tells: scheme, credentials, address literals. */
  readonly checkUrl: (url: URL) => void
  /** For `net.connect`: resolves, refuses unless every answer is allowed, and gives exactly those that were checked. */
  readonly lookup: LookupFunction
}

const refusedIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Azure's metadata and DNS service lives at a public-looking address, documented as virtual public IP 168.63.129.16
  // (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16, read 2026-11-22).
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/** IPv6 addresses that carry an IPv4 address inside are refused as a whole: mapped ones are judged by what they carry. */
const refusedIpv6: readonly (readonly [string, number])[] = [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

/** After the IANA special-purpose registries (https://www.iana.org/assignments/iana-ipv6-special-registry, read 2026-11-22). */
const refusedAddresses = (): BlockList => {
  const list = new BlockList()
  for (const [address, bits] of refusedIpv4) list.addSubnet(address, bits, 'ipv4')
  for (const [address, bits] of refusedIpv6) list.addSubnet(address, bits, 'ipv6')
  return list
}

const blocked = refusedAddresses()

/** Whether an address literal is public. What is no address is not. */
export const isPublicAddress = (literal: string): boolean => {
  const [address = ''] = literal.split('%')
  const family = isIP(address)
  // BlockList judges ::ffff:a.b.c.d by the IPv4 list itself.
  return family !== 0 && !blocked.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

const bare = (hostname: string): string => (hostname.startsWith('[') ? hostname.slice(1, -1) : hostname)

const refused = (host: string, address: string): Problem =>
  new Problem('upstream_error', {
    message:
      `The provider's host ${host} is at ${address}, which is not a public address. ` +
      'If that is meant, set "allow_private: true" on the provider.',
    facts: { fault: 'refused_address', host, address },
  })

const unusable = (host: string, why: string): Problem =>
  new Problem('upstream_error', {
    message: `The provider's URL ${why}.`,
    facts: { fault: 'refused_address', host },
  })

const checkUrl = (url: URL, allowPrivate: boolean): void => {
  const host = bare(url.hostname)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unusable(host, 'is neither http nor https')
  if (url.username !== '' || url.password !== '') throw unusable(host, 'holds credentials, which belong into api_key')
  if (isIP(host) !== 0 && !allowPrivate && !isPublicAddress(host)) throw refused(host, host)
}

const unresolved = (hostname: string, cause: unknown): Problem =>
  new Problem('upstream_error', {
    message: `The provider's host ${hostname} cannot be resolved. Check the base URL and the name servers of this machine.`,
    facts: { fault: 'dns', host: hostname },
    cause,
  })

const resolveChecked = async (
  hostname: string,
  lookup: Lookup,
  allowPrivate: boolean,
): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> => {
  const [first, ...more] = await lookup(hostname).catch((cause: unknown) => {
    throw unresolved(hostname, cause)
  })
  if (first === undefined) throw unresolved(hostname, undefined)
  const inside = allowPrivate ? undefined : [first, ...more].find(({ address }) => !isPublicAddress(address))
  if (inside !== undefined) throw refused(hostname, inside.address)
  return [first, ...more]
}

/**
 * The guard of one provider. Address literals never reach a look-up (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener,
 * read 2026-11-22), so `checkUrl` has to pass first; `allowPrivate` lifts the check of addresses, nothing else.
 */
export const egressGuard = (options: { readonly allowPrivate: boolean; readonly lookup: Lookup }): Egress => ({
  checkUrl: (url) => checkUrl(url, options.allowPrivate),
  lookup: (hostname, request, callback) => {
    resolveChecked(hostname, options.lookup, options.allowPrivate).then(
      (addresses) => {
        const [first] = addresses
        if (request.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (problem: unknown) => callback(problem as NodeJS.ErrnoException, []),
    )
  },
})
