/** Whether a key may be used now, here and for this. */

import { BlockList, isIP, isIPv6 } from 'node:net'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { KeyPurpose } from './key.ts'
import { keyForm, maskKey } from './key.ts'
import type { KeyFacts } from './key-facts.ts'

export type KeyUse = {
  /** The key as the caller sent it; only its mask ever enters a message. */
  readonly presented: string
  readonly nowMs: number
  /** `server.environment` of this server. */
  readonly environment: string
  /** The caller's address, after trusted proxies. */
  readonly address: string
  /** What the key is used for. */
  readonly purpose: KeyPurpose
}

const incorrect = (presented: string, why: string, facts: Readonly<Record<string, string | number>> = {}): Problem =>
  new Problem('invalid_api_key', {
    message: `Incorrect API key provided: ${maskKey(presented)}. ${why}`,
    headers: { 'x-should-retry': 'false' },
    facts,
  })

const unknown = (presented: string): Problem => {
  const form = keyForm(presented)
  if (form === 'malformed')
    return incorrect(
      presented,
      'It is malformed: a character is wrong or missing, as its checksum shows. Copy the whole key again.',
    )
  if (form === 'foreign')
    return incorrect(
      presented,
      'It is not a key of this server: those begin with "hs-live-", "hs-test-" or "drover-admin-".',
    )
  if (form === 'imported')
    return incorrect(
      presented,
      'No such key is known here. A provider\'s own "sk-" key does not work on the relay: use a key that this server made.',
    )
  return incorrect(presented, 'No such key is known here: it may belong to another server, or have been deleted.')
}

/** `::ffff:192.0.2.1` is the same place as `192.0.2.1`. */
const plainAddress = (address: string): string => {
  const match = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)
  return match?.[1] ?? address
}

/** Whether the address is one of these addresses or inside one of these networks (`10.0.0.0/8`, `2001:db8::/32`). */
export const addressAllowed = (allowed: readonly string[], address: string): boolean => {
  const plain = plainAddress(address)
  if (isIP(plain) === 0) return false
  const list = new BlockList()
  for (const entry of allowed) {
    const [net = '', bits] = entry.split('/')
    if (isIP(net) === 0) continue
    const family = isIPv6(net) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 'ipv6' ? 128 : 32))
      list.addSubnet(net, Number(bits), family)
  }
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
}

const gone = (facts: KeyFacts, use: KeyUse): Problem | null => {
  if (facts.revokedMs !== null && facts.revokedMs <= use.nowMs)
    return incorrect(
      use.presented,
      `It was revoked at ${rfc3339(facts.revokedMs)}. Use its successor, or ask for a new key.`,
      {
        revoked: rfc3339(facts.revokedMs),
      },
    )
  if (facts.expiresMs !== null && facts.expiresMs <= use.nowMs)
    return incorrect(use.presented, `It expired at ${rfc3339(facts.expiresMs)}. Ask for a new key.`, {
      expired: rfc3339(facts.expiresMs),
    })
  return null
}

const wrongPurpose = (purpose: KeyPurpose): Problem =>
  new Problem('permission_denied', {
    message:
      purpose === 'model'
        ? 'This is an admin key, and admin keys cannot call models. Use a key that begins with "hs-live-" or "hs-test-".'
        : 'This is a model key, and model keys cannot manage the server. Use an admin key ("drover-admin-…").',
  })

/**
 * The facts back when the key may be used, else why not: unknown, malformed, revoked, expired or of another environment
 * (`invalid_api_key`), made for something else (`permission_denied`), from a wrong address (`ip_not_allowed`).
 * `facts` is what the snapshot holds under the digest of the presented key. A key is good until the millisecond before
 * its end.
 */
export const checkKey = (facts: KeyFacts | null | undefined, use: KeyUse): KeyFacts | Problem => {
  if (facts === null || facts === undefined) return unknown(use.presented)
  const ended = gone(facts, use)
  if (ended !== null) return ended
  if (facts.environment !== null && facts.environment !== use.environment)
    return incorrect(
      use.presented,
      `It belongs to the environment "${facts.environment}", and this server is "${use.environment}".`,
      { key_environment: facts.environment, server_environment: use.environment },
    )
  if (facts.purpose !== use.purpose) return wrongPurpose(use.purpose)
  if (facts.addresses !== null && !addressAllowed(facts.addresses, use.address))
    return new Problem('ip_not_allowed', {
      message: `This key may not be used from ${plainAddress(use.address)}. Call from an address that the key allows, or change the key.`,
    })
  return facts
}
