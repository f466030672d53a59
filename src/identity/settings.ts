/** What can be configured about people: the blocks `identity` and `signup`. */

import { z } from 'zod'
import { line, reference, url } from '#base/settings.ts'

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
    verify_mail: z.boolean().default(true).describe('Whether the mail address is checked first.'),
  })
  .describe('New customers.')
