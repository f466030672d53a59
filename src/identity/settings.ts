/** What can be configured about people: the blocks `identity` and `signup`. */

import { z } from 'zod'
import { count, duration, line, name, reference, url } from '#base/settings.ts'

const issuer = z.strictObject({
  issuer: url().describe("The issuer's URL."),
  client_id: line(200).describe('The id that the issuer gave to this server.'),
  client_secret: reference().describe('The secret that it gave.'),
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
      .describe('The plan of new customers, whose `signup_credit` they are given. Absent: none.'),
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
