/** What a file for `apply` says: YAML (or JSON) with providers, models, plans, accounts and keys by their names. */

import { z } from 'zod'
import type { FileFault } from '#base/read-document.ts'
import { readDocument, refusedFile } from '#base/read-document.ts'

/** Of anything that has a name. */
const entriesMax = 10_000

const settings = z.record(z.string(), z.unknown())
const named = z
  .record(z.string().min(1).max(254), settings.nullable())
  .refine((all) => Object.keys(all).length <= entriesMax, {
    message: `must not hold more than ${entriesMax} entries`,
  })

const account = z.strictObject({
  billing: z.enum(['prepaid', 'postpaid', 'unlimited']).optional(),
  plan: z.string().min(1).max(64).optional(),
  credit_limit: z.string().optional(),
  state: z.enum(['open', 'suspended']).optional(),
  projects: named.optional(),
  members: named.optional(),
  budgets: z.array(settings).max(1_000).optional(),
  credits: z.array(settings).max(1_000).optional(),
})

const document = z.strictObject({
  providers: named.nullish(),
  models: named.nullish(),
  plans: named.nullish(),
  accounts: z.record(z.string().min(1).max(100), account.nullable()).nullish(),
  keys: named.nullish(),
})

export type ApplyDocument = z.output<typeof document>
export type ApplyAccount = z.output<typeof account>

/** @throws Problem `invalid_request_error` naming line and place of everything that is wrong. */
export const readApplyDocument = (text: string): ApplyDocument =>
  readDocument(text, {
    schema: document,
    known: (path) =>
      path.length === 0 ? Object.keys(document.shape).join(', ') : Object.keys(account.shape).join(', '),
  })

/** Everything that is wrong with what a well-formed file asks for. */
export const refuseAll = (faults: readonly FileFault[]): void => {
  if (faults.length > 0) throw refusedFile(faults)
}
