/** The operator's own credit at providers. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const balance = operation({
  noun: 'providers',
  verb: 'balance',
  summary: "What is left of the operator's prepaid credit at providers; asked now, by calls that are free.",
  method: 'GET',
  path: '/providers/balance',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    data: z.array(
      z.object({
        provider: z.string(),
        vendor: z.string(),
        left: z.array(
          z.object({
            currency: z.string(),
            amount: z.string(),
            granted: z.string().nullable().describe('Of it, what was given and not paid for.'),
          }),
        ),
        alert_usd: z.string().nullable(),
        low: z.boolean(),
        error: z.string().nullable().describe('Why it is not known.'),
      }),
    ),
  }),
  flags: [],
  render: ({ data }) =>
    data.length === 0
      ? 'No provider says what is left: Moonshot, DeepSeek, OpenRouter and SiliconFlow do.\n'
      : table(
          ['PROVIDER', 'LEFT', 'OF IT GIVEN', 'ALARM USD', ''],
          data.map(({ provider, left, alert_usd, low, error }) => [
            provider,
            left.map(({ amount, currency }) => `${amount} ${currency}`).join(', '),
            left.map(({ granted }) => granted ?? '-').join(', '),
            alert_usd,
            error ?? (low ? 'LOW' : ''),
          ]),
        ),
  run: async (_input, { ports }) => ({
    data: (await ports.providerCredit()).map(({ provider, vendor, left, alertNanoUsd, error }) => ({
      provider,
      vendor,
      left: left.map(({ currency, amountNano, grantedNano }) => ({
        currency,
        amount: decimalOf(amountNano),
        granted: grantedNano === null ? null : decimalOf(grantedNano),
      })),
      alert_usd: alertNanoUsd === null ? null : decimalOf(alertNanoUsd),
      low: alertNanoUsd !== null && left.some(({ amountNano }) => amountNano <= alertNanoUsd),
      error,
    })),
  }),
})

export const providerBalanceOperations = [balance] as const
