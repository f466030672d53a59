/** Whether somebody who signs up is given credit, and when: pure. Who asks more often than allowed gets an account and no credit. */

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
  'outlook.com',
  'hotmail.com',
  'live.com',
  'yahoo.com',
  'icloud.com',
  'proton.me',
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

/** What stands behind the last `@`, in lower case. */
export const domainOf = (mail: string): string => mail.slice(mail.lastIndexOf('@') + 1).toLowerCase()

/**
 * One way of writing for every way that leads to the same mail box: lower case, nothing from `+` on; at Google also no dots
 * and one domain (https://support.google.com/mail/answer/7436150, read 2026-11-22).
 */
export const normalMail = (mail: string): string => {
  const domain = domainOf(mail)
  const [local = ''] = mail.slice(0, mail.lastIndexOf('@')).toLowerCase().split('+')
  if (domain === 'gmail.com' || domain === 'googlemail.com') return `${local.replaceAll('.', '')}@gmail.com`
  return `${local}@${domain}`
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
