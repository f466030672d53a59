/** Whether somebody who signs up is given credit, and when: pure. Who asks more often than allowed gets an account and no credit. */

import { domainToASCII } from 'node:url'

export type SignupRules = {
  readonly verifyMail: boolean
  /** Credit is given this long after the mail address was verified: time for somebody to look. */
  readonly releaseAfterMs: number
  /** Accounts that are counted together lie within this. */
  readonly windowMs: number
  /** Accounts with credit for each network address, means of payment and mail domain; `null` = any number. */
  readonly perAddressMax: number | null
  readonly perPaymentMax: number | null
  readonly perDomainMax: number | null
}

/** Accounts of the window that were given credit or wait for it, by what they share with this one. */
export type SignupCounts = {
  /** The same mail box, however it is written. */
  readonly mail: number
  readonly domain: number
  readonly address: number
  readonly payment: number
}

export type SignupDecision =
  | { readonly state: 'unverified' }
  | { readonly state: 'waiting'; readonly releaseMs: number }
  | { readonly state: 'refused'; readonly reason: string }

export type SignupFacts = {
  readonly creditNanoUsd: bigint
  readonly counts: SignupCounts
  readonly verified: boolean
  readonly nowMs: number
}

/** Domains where everybody has an address: to count them together would shut everybody out. */
const sharedDomains: readonly string[] = [
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'yahoo.com',
  'icloud.com',
  'me.com',
  'mac.com',
  'proton.me',
  'pm.me',
  'protonmail.com',
  'qq.com',
  '163.com',
  '126.com',
  'foxmail.com',
  'gmx.de',
  'web.de',
  'mail.ru',
]

/** Whether everybody has an address at this domain. */
export const isSharedDomain = (domain: string): boolean => sharedDomains.includes(domain)

/** What stands behind the last `@`: in lower case, as DNS writes it (punycode), without the dot of its root. */
export const domainOf = (mail: string): string => {
  const written = mail.slice(mail.lastIndexOf('@') + 1).replace(/\.+$/, '')
  // Empty for what is no name of a host, such as an address in brackets.
  return domainToASCII(written) || written.toLowerCase()
}

/** Other domains of the same mail boxes (https://support.apple.com/en-us/102578, https://proton.me/support/addresses-and-aliases, from memory). */
const otherDomains: ReadonlyMap<string, string> = new Map([
  ['googlemail.com', 'gmail.com'],
  ['me.com', 'icloud.com'],
  ['mac.com', 'icloud.com'],
  ['protonmail.com', 'proton.me'],
  ['pm.me', 'proton.me'],
])

/** Signs within a name that lead nowhere else. */
const silentSigns: ReadonlyMap<string, RegExp> = new Map([
  ['gmail.com', /\./g],
  ['proton.me', /[._-]/g],
])

/** Quotes around a name, and what they let stand in it, are only a way of writing it (RFC 5321, 4.1.2). */
const unquoted = (local: string): string =>
  /^".*"$/s.test(local) ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local

/**
 * One way of writing for every way that leads to the same mail box: lower case, plain letters for wide ones, no quotes, nothing from `+` on; at Google also no dots
 * and one domain, at Apple and Proton one domain each (https://support.google.com/mail/answer/7436150, read 2026-11-22).
 */
export const normalMail = (mail: string): string => {
  const written = domainOf(mail)
  const domain = otherDomains.get(written) ?? written
  const [local = ''] = unquoted(mail.slice(0, mail.lastIndexOf('@')))
    .normalize('NFKC')
    .toLowerCase()
    .split('+')
  const silent = silentSigns.get(domain)
  return `${silent === undefined ? local : local.replace(silent, '')}@${domain}`
}

const over = (count: number, max: number | null): boolean => max !== null && count >= max

/** What becomes of the credit now; asked again when the mail address has been verified. */
export const decideSignup = (
  rules: SignupRules,
  { creditNanoUsd, counts, verified, nowMs }: SignupFacts,
): SignupDecision => {
  if (creditNanoUsd === 0n) return { state: 'refused', reason: 'the plan gives no sign-up credit' }
  if (counts.mail > 0) return { state: 'refused', reason: 'another account of this mail box has had credit' }
  if (over(counts.address, rules.perAddressMax))
    return { state: 'refused', reason: 'too many accounts from this network address' }
  if (over(counts.payment, rules.perPaymentMax))
    return { state: 'refused', reason: 'too many accounts with this means of payment' }
  if (over(counts.domain, rules.perDomainMax))
    return { state: 'refused', reason: 'too many accounts of this mail domain' }
  if (rules.verifyMail && !verified) return { state: 'unverified' }
  return { state: 'waiting', releaseMs: nowMs + rules.releaseAfterMs }
}
