/** What a key may ask about money: its account's credit, its own budget, what one call cost. */

import type { CallRecord } from '#base/call-record.ts'
import { rfc3339 } from '#base/clock.ts'
import { jsonNumberOf, notBelowZero } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Balance, Receipt } from '#ledger/port.ts'
import type { Inquiry, Question } from './inquiry.ts'
import { ownBudget } from './paying.ts'
import { receiptOf } from './receipt.ts'

const balanceOf = async ({ key, books, nowMs }: Question): Promise<Balance> => {
  const balance = await books.balance(key.account, nowMs)
  if (balance === null) throw new Problem('not_found', { message: `Account ${key.account} has no books.` })
  return balance
}

/** `GET /v1/credits`, OpenRouter's shape (https://openrouter.ai/docs/api-reference/get-credits, read 2026-11-22). */
export const showCredits: Inquiry = async (question) => {
  const { balanceNanoUsd, heldNanoUsd, spentNanoUsd } = await balanceOf(question)
  const totalNanoUsd = balanceNanoUsd + spentNanoUsd
  return {
    data: {
      total_credits: jsonNumberOf(totalNanoUsd),
      total_usage: jsonNumberOf(spentNanoUsd),
      total_credits_nano_usd: totalNanoUsd.toString(),
      total_usage_nano_usd: spentNanoUsd.toString(),
      balance_nano_usd: balanceNanoUsd.toString(),
      held_nano_usd: heldNanoUsd.toString(),
    },
  }
}

/** `GET /v1/users/me/balance`, Moonshot's shape (https://platform.moonshot.ai/docs/api/misc, read 2026-11-22), in USD. */
export const showBalance: Inquiry = async (question) => {
  const { balanceNanoUsd, promoNanoUsd } = await balanceOf(question)
  const cashNanoUsd = balanceNanoUsd - promoNanoUsd
  return {
    code: 0,
    data: {
      available_balance: jsonNumberOf(balanceNanoUsd),
      voucher_balance: jsonNumberOf(promoNanoUsd),
      cash_balance: jsonNumberOf(cashNanoUsd),
      available_balance_nano_usd: balanceNanoUsd.toString(),
      voucher_balance_nano_usd: promoNanoUsd.toString(),
      cash_balance_nano_usd: cashNanoUsd.toString(),
    },
    scode: '0x0',
    status: true,
  }
}

/** What of `GET /v1/key` is about money: use in the budget's period, or ever where the key has none. */
const keyMoney = async ({ key, books, keySpend, nowMs }: Question): Promise<Readonly<Record<string, unknown>>> => {
  const budget = ownBudget(key)
  if (budget === null) {
    const everNanoUsd = await keySpend.spentNanoUsd(key.id, nowMs)
    const usage = { usage: jsonNumberOf(everNanoUsd), usage_nano_usd: everNanoUsd.toString() }
    return { ...usage, limit_remaining: null, limit_remaining_nano_usd: null }
  }
  const { spentNanoUsd, heldNanoUsd, resetsMs } = await books.budgetState(budget, nowMs)
  const leftNanoUsd = notBelowZero(budget.limitNanoUsd - spentNanoUsd - heldNanoUsd)
  return {
    usage: jsonNumberOf(spentNanoUsd),
    usage_nano_usd: spentNanoUsd.toString(),
    limit_remaining: jsonNumberOf(leftNanoUsd),
    limit_remaining_nano_usd: leftNanoUsd.toString(),
    limit_resets_at: resetsMs === null ? null : rfc3339(resetsMs),
  }
}

/** `GET /v1/key`, OpenRouter's shape (https://openrouter.ai/docs/api-reference/limits, read 2026-11-22). */
export const showKey: Inquiry = async (question) => {
  const { key } = question
  return {
    data: {
      label: key.name,
      id: key.id,
      account: key.account,
      test: key.test,
      environment: key.environment,
      models: key.models,
      limit: key.budgetNanoUsd === null ? null : jsonNumberOf(key.budgetNanoUsd),
      limit_nano_usd: key.budgetNanoUsd?.toString() ?? null,
      limit_reset: key.budgetPeriod,
      ...(await keyMoney(question)),
      is_free_tier: false,
      rate_limit: {
        requests: key.requestsPerMinute,
        tokens: key.tokensPerMinute,
        interval: '60s',
        requests_per_day: key.requestsPerDay,
        tokens_per_day: key.tokensPerDay,
        concurrency: key.concurrency,
      },
      created_at: rfc3339(key.createdMs),
      expires_at: key.expiresMs === null ? null : rfc3339(key.expiresMs),
    },
  }
}

/** What the books say of a call. */
const booksOf = (receipt: Receipt | null): Readonly<Record<string, unknown>> => ({
  price_hash: receipt?.priceHash ?? null,
  state: receipt?.state ?? null,
  held_nano_usd: receipt?.heldNanoUsd.toString() ?? null,
  rule: receipt?.rule ?? null,
})

const costOf = (nanoUsd: bigint | null): Readonly<Record<string, unknown>> => ({
  total_cost: nanoUsd === null ? null : jsonNumberOf(nanoUsd),
  usage: nanoUsd === null ? null : jsonNumberOf(nanoUsd),
  total_cost_nano_usd: nanoUsd?.toString() ?? null,
})

/** A call that is under way, or that was interrupted with its process before there was a record of it. */
const unrecordedOf = (receipt: Receipt): Readonly<Record<string, unknown>> => ({
  id: receipt.call,
  model: null,
  created_at: null,
  finish_reason: null,
  ...costOf(receipt.chargedNanoUsd),
  ...booksOf(receipt),
})

const generationOf = (record: CallRecord, receipt: Receipt | null): Readonly<Record<string, unknown>> => ({
  id: record.id,
  model: record.model,
  provider_name: record.provider,
  upstream_id: record.attempts.at(-1)?.upstreamRequestId ?? null,
  created_at: rfc3339(record.timeMs),
  streamed: record.stream,
  cancelled: record.end === 'left',
  finish_reason: record.finishReason,
  tokens_prompt: record.usage?.input ?? null,
  tokens_completion: record.usage?.output ?? null,
  native_tokens_prompt: record.usage?.input ?? null,
  native_tokens_completion: record.usage?.output ?? null,
  native_tokens_cached: record.usage?.cachedInput ?? null,
  native_tokens_reasoning: record.usage?.reasoning ?? null,
  usage_source: record.usage?.source ?? null,
  latency: record.ttftMs,
  generation_time: record.durationMs,
  ...costOf(record.costNanoUsd),
  ...booksOf(receipt),
  price_hash: record.priceHash,
  upstream_sha256: record.upstreamDigest,
  delivered_sha256: record.deliveredDigest,
})

const unknownCall = (id: string): Problem =>
  new Problem('not_found', {
    message: `There is no call '${id.slice(0, 100)}' of this account. A call is in the log when it has ended.`,
    param: 'id',
  })

/** The call that is asked for; a call of another account is as unknown as one that never was. */
const askedCall = async ({ key, books, callLog }: Question, query: URLSearchParams) => {
  const id = query.get('id') ?? ''
  if (id === '') throw new Problem('invalid_request_error', { message: "Give the call's id: ?id=call_….", param: 'id' })
  const [record, receipt] = await Promise.all([callLog.call(id), books.receipt(id)])
  const isOurs = (record ?? receipt)?.account === key.account
  return isOurs ? { id, record, receipt } : { id, record: null, receipt: null }
}

/** `GET /v1/generation?id=`, OpenRouter's shape (https://openrouter.ai/docs/api-reference/get-a-generation, read 2026-11-22). */
export const showGeneration: Inquiry = async (question, _params, query) => {
  const { id, record, receipt } = await askedCall(question, query)
  if (record !== null) return { data: generationOf(record, receipt) }
  if (receipt !== null) return { data: unrecordedOf(receipt) }
  throw unknownCall(id)
}

/** `GET /v1/receipt?id=`: what happened to a call, signed. It is whole in the log a second after its last byte. */
export const showReceipt: Inquiry = async (question, _params, query) => {
  const { id, record, receipt } = await askedCall(question, query)
  if (record === null) throw unknownCall(id)
  return question.signReceipt(receiptOf(record, receipt))
}
