/** The refusal of whoever is nobody. */

import { Problem } from '#base/problem.ts'

export const signedOut = (): Problem =>
  new Problem('signed_out', { message: 'You are not signed in, or the session has ended. Sign in again.' })
