/** What a file for `apply` says: YAML (or JSON) with plans, accounts and keys by their names. */

import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { Problem } from '#base/problem.ts'

const aliasesMax = 100
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

/** Where something stands in the file, as a person looks for it: `accounts.acme.budgets[0]`. */
export const placeText = (path: readonly PropertyKey[]): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('')

const refused = (faults: readonly string[]): Problem =>
  new Problem('invalid_request_error', {
    message: `The file is refused, nothing was changed:\n${faults.slice(0, 20).join('\n')}${faults.length > 20 ? `\n… and ${faults.length - 20} more` : ''}`,
    param: 'file',
  })

const issueText = (issue: z.core.$ZodIssue, lineOf: (path: readonly PropertyKey[]) => string): string => {
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] ?? '']
    const known = issue.path.length === 0 ? 'plans, accounts, keys' : Object.keys(account.shape).join(', ')
    return `${lineOf(path)}${placeText(path)}: is not known here. Known: ${known}.`
  }
  return `${lineOf(issue.path)}${placeText(issue.path)}: ${issue.message}`
}

/** @throws Problem `invalid_request_error` naming line and place of everything that is wrong. */
export const readApplyDocument = (text: string): ApplyDocument => {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const at = (offset: number | undefined): string =>
    offset === undefined ? '' : `line ${lines.linePos(offset).line}: `
  if (parsed.errors.length > 0) throw refused(parsed.errors.map(({ message, pos }) => `${at(pos[0])}${message}`))
  const lineOf = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = parsed.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined
      if (node?.range !== undefined) return at(node.range[0])
    }
    return ''
  }
  let value: unknown
  try {
    value = parsed.toJS({ maxAliasCount: aliasesMax })
  } catch (error) {
    throw refused([error instanceof Error ? error.message : String(error)])
  }
  const result = document.safeParse(value ?? {})
  if (result.success) return result.data
  throw refused(result.error.issues.map((issue) => issueText(issue, lineOf)))
}

/** Everything that is wrong with what a well-formed file asks for. */
export const refuseAll = (faults: readonly string[]): void => {
  if (faults.length > 0) throw refused(faults)
}
