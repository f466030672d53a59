/** Whether there is credit left at the candidate's provider, where it says that. */

import { decimalOf } from '#base/money.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import type { Looked, Looking } from './looking.ts'
import { armOf } from './looking.ts'

/** Of the candidate: the baseline is paid for already. */
export const checkCredit = async (looking: Looking): Promise<Looked> => {
  const { clock, credit } = looking.ports
  const beganMs = clock.monotonicMs()
  const { provider } = armOf(looking, 'candidate')
  const found = (await credit()).find((one) => one.provider === provider)
  const ended = (outcome: PreflightCheck['outcome'], says: string, mend: string | null): Looked => ({
    checks: [
      { check: 'credit', arm: 'candidate', outcome, says, mend, tookMs: Math.round(clock.monotonicMs() - beganMs) },
    ],
    nanoUsd: 0n,
  })
  const amounts = found?.left ?? []
  if (amounts.length === 0)
    return ended('skipped', found?.error ?? `provider "${provider}" does not say what is left there`, null)
  const text = amounts.map(({ amountNano, currency }) => `${decimalOf(amountNano, 2)} ${currency}`).join(', ')
  return amounts.every(({ amountNano }) => amountNano <= 0n)
    ? ended('failed', `${text} are left at provider "${provider}".`, 'Top the account up, then start again.')
    : ended('passed', `${text} are left`, null)
}
