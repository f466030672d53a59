/** What is left of the operator's prepaid credit at a provider, as each vendor answers it. Pure. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'

export type CreditLeft = {
  readonly currency: 'USD' | 'CNY'
  /** Nano units of the currency; may be below zero. */
  readonly amountNano: bigint
  /** Of it, what was given and not paid for; `null` = not said. */
  readonly grantedNano: bigint | null
}

/** The operator's own credit at a provider, as it was asked just now. */
export type ProviderCredit = {
  readonly provider: string
  readonly vendor: string
  /** Empty = not known, and `error` says why. */
  readonly left: readonly CreditLeft[]
  readonly alertNanoUsd: bigint | null
  readonly error: string | null
}

/** A free call that says it. */
export type BalanceCall = {
  /** Behind the base URL. */
  readonly path: string
  /** One for each currency; empty = the answer is not understood. */
  readonly read: (document: JsonObject, region: string | null) => readonly CreditLeft[]
}

const left = (currency: CreditLeft['currency'], amount: unknown, granted: unknown): readonly CreditLeft[] => {
  const amountNano = nanoOfNumber(amount)
  return amountNano === null ? [] : [{ currency, amountNano, grantedNano: nanoOfNumber(granted) }]
}

const dataOf = (document: JsonObject): JsonObject => (isObject(document['data']) ? document['data'] : {})

/** https://platform.kimi.ai/docs/api/misc#check-balance, read 2026-11-28: dollars, and yuan on the Chinese site. */
export const moonshotBalance: BalanceCall = {
  path: 'users/me/balance',
  read: (document, region) => {
    const { available_balance: available, voucher_balance: voucher } = dataOf(document)
    return left(region === 'cn' ? 'CNY' : 'USD', available, voucher)
  },
}

/** https://api-docs.deepseek.com/api/get-user-balance, read 2026-11-28: one entry for each currency. */
export const deepseekBalance: BalanceCall = {
  path: 'user/balance',
  read: (document) => {
    const entries = Array.isArray(document['balance_infos']) ? document['balance_infos'].filter(isObject) : []
    return entries.flatMap((entry) =>
      left(entry['currency'] === 'CNY' ? 'CNY' : 'USD', entry['total_balance'], entry['granted_balance']),
    )
  },
}

/** https://openrouter.ai/docs/api-reference/credits/get-credits, read 2026-11-28: what was bought less what was used. */
export const openrouterBalance: BalanceCall = {
  path: 'credits',
  read: (document) => {
    const { total_credits: credits, total_usage: usage } = dataOf(document)
    const [bought, used] = [nanoOfNumber(credits), nanoOfNumber(usage)]
    return bought === null || used === null ? [] : [{ currency: 'USD', amountNano: bought - used, grantedNano: null }]
  },
}

/** https://docs.siliconflow.cn/cn/api-reference/userinfo/get-user-info, read 2026-11-28: `balance` is what was given. */
export const siliconflowBalance: BalanceCall = {
  path: 'user/info',
  read: (document, region) => {
    const { totalBalance: total, balance: granted } = dataOf(document)
    return left(region === 'cn' ? 'CNY' : 'USD', total, granted)
  },
}
