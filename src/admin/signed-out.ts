/** The refusal of whoever is nobody. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'

export const signedOut = (): Problem => new Problem('signed_out', { ...saying('signed_out') })
