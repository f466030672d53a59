/** Whether there is credit left at the candidate's provider, where it says that. */

import { decimalOf } from '#base/money.ts'
import type { Sentence } from '#base/sentence.ts'
import { asSaid } from '#base/sentence.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { checked } from '#migration/preflight.ts'
import { finding } from './findings.ts'
import type { Looked, Looking } from './looking.ts'
import { armOf } from './looking.ts'

/** Of the candidate: the baseline is paid for already. */
export const checkCredit = async (looking: Looking): Promise<Looked> => {
  const { clock, credit } = looking.ports
  const beganMs = clock.monotonicMs()
  const { provider } = armOf(looking, 'candidate')
  const found = (await credit()).find((one) => one.provider === provider)
  const ended = (outcome: PreflightCheck['outcome'], says: Sentence, mend: Sentence | null): Looked => ({
    checks: [
      checked({
        check: 'credit',
        arm: 'candidate',
        outcome,
        says,
        mend,
        tookMs: Math.round(clock.monotonicMs() - beganMs),
      }),
    ],
    nanoUsd: 0n,
  })
  const amounts = found?.left ?? []
  if (amounts.length === 0)
    return ended('skipped', found?.error == null ? finding('credit_untold', { provider }) : asSaid(found.error), null)
  const texts = amounts.map(({ amountNano, currency }) => `${decimalOf(amountNano, 2)} ${currency}`)
  return amounts.every(({ amountNano }) => amountNano <= 0n)
    ? ended('failed', finding('credit_gone', { amounts: texts, provider }), finding('top_up'))
    : ended('passed', finding('credit_left', { amounts: texts }), null)
}
