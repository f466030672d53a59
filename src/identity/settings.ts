/** What can be configured about people: the blocks `identity` and `signup`. */

import { z } from 'zod'
import type { Secret } from '#base/log.ts'
import { count, duration, line, name, reference, url } from '#base/settings.ts'

const issuer = z.strictObject({
  name: name('an issuer').optional().describe('How it is called in addresses. Absent: its host.'),
  title: line(60).optional().describe('What people read on its button. Absent: its host.'),
  issuer: url(['https', 'http']).describe("The issuer's URL, as its tokens name it."),
  client_id: line(200).describe('The id that the issuer gave to this server.'),
  client_secret: reference().describe('The secret that it gave.'),
  scopes: z.array(line(60)).max(20).default(['email', 'profile']).describe('What is asked for beside `openid`.'),
  algorithm: z
    .enum(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .default('RS256')
    .describe('What its tokens are signed with: another one is refused, whatever a token says of itself.'),
  trusted_amr: z
    .array(line(60))
    .max(20)
    .default([])
    .describe(
      'A sign-in whose token says one of these in `amr` (RFC 8176: `mfa`, `otp`, `hwk` …) is asked for no code here.',
    ),
  trusted_acr: z
    .array(line(200))
    .max(20)
    .default([])
    .describe('The same for `acr`, whose values each issuer has of its own.'),
  allow_private: z
    .boolean()
    .default(false)
    .describe('It may be on the own machine or network, and be asked over http.'),
})

/** The block `identity`. */
export const identitySettings = z
  .strictObject({ oidc: z.array(issuer).max(20).default([]).describe('Sign-in by OpenID Connect.') })
  .describe('How people sign in.')

/** The block `signup`. */
export const signupSettings = z
  .strictObject({
    open: z.boolean().default(false).describe('Whether anybody may make an account.'),
    verify_mail: z.boolean().default(true).describe('Whether the mail address is checked before credit is given.'),
    plan: name('a plan')
      .optional()
      .describe(
        'The plan of new customers, whose `signup_credit` they are given. Absent: the only plan of the file that has such credit; none where several have.',
      ),
    release_after: duration({ max: '30d' })
      .optional()
      .describe('How long credit waits after the mail address was checked, for somebody to look. Absent: not at all.'),
    window: duration({ min: '1h' }).prefault('30d').describe('Accounts that are counted together lie within this.'),
    accounts_per_address: count(1, 1_000_000).default(3).describe('Accounts with credit from one network address.'),
    accounts_per_payment: count(1, 1_000_000).default(1).describe('Accounts with credit for one means of payment.'),
    accounts_per_domain: count(1, 1_000_000)
      .default(50)
      .describe('Accounts with credit of one mail domain, but for those where everybody has an address.'),
  })
  .describe('New customers.')
export type SignupSettings = z.output<typeof signupSettings>

/** An issuer, with its secret. */
export type IssuerConfig = {
  /** How it is called here, and in addresses. */
  readonly id: string
  readonly title: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly scope: string
  /** The one that its tokens are signed with; what a token says of itself does not count. */
  readonly algorithm: string
  /** What its tokens say where it has asked for a second factor; none = its word is not taken for that. */
  readonly trusted: { readonly amr: readonly string[]; readonly acr: readonly string[] }
  readonly allowPrivate: boolean
}
