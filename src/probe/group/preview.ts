/** What an endpoint counts beforehand, held against what it bills. */

import type { Findings } from '#probe/judgement.ts'

const leastTokens = 3
const share = 0.05

/** A count may differ from the bill by 5 %, and by 3 tokens where that is more. A bill that is not told proves nothing. */
export const heldToBill = (
  findings: Findings,
  { name, tokens, billed }: { readonly name: string; readonly tokens: number | null; readonly billed: number | null },
): void => {
  findings.must(tokens !== null, `There is no ${name}.`)
  findings.must(
    tokens === null || billed === null || Math.abs(tokens - billed) <= Math.max(leastTokens, billed * share),
    `${tokens} tokens are counted beforehand, and ${billed} billed.`,
  )
}
