/** Checks of the operator's prepaid credit at providers. */

import { decimalOf } from '#base/money.ts'
import type { CommandLinePorts } from '#cli/ports.ts'
import type { ProviderConfig } from '#config/config.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import type { Finding } from './check.ts'
import { ok, skip, warn } from './check.ts'

const findingOf = ({ provider, left, alertNanoUsd, error }: ProviderCredit): Finding => {
  const words = { id: `credit:${provider}`, title: `Credit at ${provider}` }
  if (error !== null) return skip({ ...words, detail: `not known: ${error}` })
  const detail = left.map(({ currency, amountNano }) => `${decimalOf(amountNano)} ${currency} left`).join(', ')
  const isLow = left.some(({ amountNano }) => amountNano <= (alertNanoUsd ?? 0n))
  return isLow
    ? warn({ ...words, detail, mend: 'Top it up at the provider, or its calls will fail.' })
    : ok({ ...words, detail })
}

/** One finding for each provider whose vendor says what is left. */
export const checkCredit = async (
  providers: readonly ProviderConfig[],
  { providerCredit }: Pick<CommandLinePorts, 'providerCredit'>,
): Promise<readonly Finding[]> => (await providerCredit(providers)).map(findingOf)
