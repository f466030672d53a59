/** What a receipt says of a call: its record and what the books say, in the receipt's own words. */

import type { CallRecord, Pricing } from '#base/call-record.ts'
import { rfc3339 } from '#base/clock.ts'
import type { Receipt } from '#base/receipt.ts'
import type { Usage } from '#base/usage.ts'
import type { Receipt as BookReceipt } from '#ledger/port.ts'

const usageOf = (usage: Usage | null): Receipt['usage'] =>
  usage === null
    ? null
    : {
        input: usage.input,
        output: usage.output,
        cached_input: usage.cachedInput,
        cache_write: usage.cacheWrite,
        reasoning: usage.reasoning,
        source: usage.source,
      }

const priceOf = (hash: string | null, pricing: Pricing | null): Receipt['price'] =>
  hash === null || pricing === null
    ? null
    : {
        hash,
        model: pricing.model,
        vendor: pricing.vendor,
        source: pricing.source,
        currency: pricing.currency,
        service_tier: pricing.serviceTier,
        per_usd_nano: pricing.perUsdNano?.toString() ?? null,
        // Customers see receipts: what the operator adds to a price is not theirs to know.
        discounts: pricing.rules
          .filter(({ kind }) => kind === 'discount')
          .map(({ name, basisPoints }) => ({ name, basis_points: basisPoints })),
      }

const booksOf = (books: BookReceipt | null): Receipt['books'] =>
  books === null
    ? null
    : {
        state: books.state,
        held_nano_usd: books.heldNanoUsd.toString(),
        charged_nano_usd: books.chargedNanoUsd?.toString() ?? null,
        rule: books.rule,
      }

/** `null` where one of the two was not kept. */
export const isIdentical = ({
  upstreamDigest,
  deliveredDigest,
}: Pick<CallRecord, 'upstreamDigest' | 'deliveredDigest'>): boolean | null =>
  upstreamDigest === null || deliveredDigest === null ? null : upstreamDigest === deliveredDigest

/** Everything but the time of the signature. `books`: what these say of the call, `null` = no money was about it. */
export const receiptOf = (record: CallRecord, books: BookReceipt | null): Omit<Receipt, 'signed_at'> => ({
  version: 1,
  call: record.id,
  time: rfc3339(record.timeMs),
  account: record.account,
  key: record.key,
  test: record.test,
  protocol: record.protocol,
  path: record.path,
  stream: record.stream,
  model: record.model,
  provider: record.provider,
  upstream_model: record.upstreamModel,
  upstream_request_id: record.attempts.at(-1)?.upstreamRequestId ?? null,
  status: record.status,
  end: record.end,
  finish_reason: record.finishReason,
  cache: record.cache,
  usage: usageOf(record.usage),
  cost_nano_usd: record.costNanoUsd?.toString() ?? null,
  books: booksOf(books),
  price: priceOf(record.priceHash, record.pricing ?? null),
  request_bytes: record.requestBytes,
  response_bytes: record.responseBytes,
  upstream_sha256: record.upstreamDigest,
  delivered_sha256: record.deliveredDigest,
  identical: isIdentical(record),
  warnings: record.warnings,
})
