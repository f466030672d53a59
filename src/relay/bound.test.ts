import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { nanoOf } from '#base/money.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import { samplePriceRow as priced } from '#base/sample-price-row.ts'
import { usageOf } from '#base/usage.ts'
import { chargeOf, saleOf } from '#ledger/charge.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { Call } from '#protocol/call.ts'
import { openaiRerank } from '#protocol/openai/rerank.ts'
import { fieldOf, fileOf, inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiTranscriptions } from '#protocol/openai/transcriptions.ts'
import { openaiChat } from '#protocol/openai-chat/index.ts'
import type { Bound } from './bound.ts'
import { boundOf } from './bound.ts'

const timeouts = { connectMs: 1, headersMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 }
const model = (changes: Partial<ModelRow>): ModelRow => ({
  id: 'm',
  aliases: [],
  targets: [],
  route: { strategy: 'weighted', retriesMax: 0, hedgeAfterMs: null, sticky: 'none', timeouts },
  priceRows: [priced({ input: nanoOf('1'), output: nanoOf('2') })],
  origin: 'yaml',
  contextTokens: null,
  outputTokensMax: null,
  inputModalities: ['text'],
  outputModalities: ['text'],
  createdMs: null,
  ownedBy: 'v',
  ...changes,
})

const callOf = (more: object): Call => {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more }))
  return openaiChat.server.readCall({
    id: 'call_1',
    origin: '',
    method: 'POST',
    path: '/v1/chat/completions',
    query: new URLSearchParams(),
    headers: {},
    remoteAddress: '127.0.0.1',
    fromLoopback: true,
    arrivedMs: 0,
    signal: new AbortController().signal,
    body: { kind: 'bytes', bytes, contentType: 'application/json' },
  })
}

const bound = (call: Call, ...rows: readonly ModelRow[]): Bound => {
  const found = boundOf(call, { rows, atMs: 0, canCap: true })
  assert.ok(!(found instanceof Problem))
  return found
}

test('bytes bound the input, the maximum of caller or model the output, times the answers', () => {
  const call = callOf({ max_tokens: 1000, n: 2 })
  const size = BigInt(call.inputBytes)
  assert.equal(bound(call, model({})).amountNanoUsd, size * 1000n + 2n * 1000n * 2000n)
  assert.equal(bound(call, model({ outputTokensMax: 500 })).amountNanoUsd, size * 1000n + 2n * 500n * 2000n)
  assert.equal(bound(call, model({ contextTokens: 20 })).amountNanoUsd, 20n * 1000n + 2n * 20n * 2000n)
  assert.equal(
    bound(callOf({}), model({ outputTokensMax: 10 })).amountMinNanoUsd,
    BigInt(callOf({}).inputBytes) * 1000n + 10n * 2000n,
  )
})

test('content that is not text takes the whole window', () => {
  const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://images.example/a' } }] }]
  const amount = bound(callOf({ messages, max_tokens: 1 }), model({ contextTokens: 5000 })).amountNanoUsd
  assert.equal(amount, 5000n * 1000n + 2000n)
})

test('the dearest row that may apply counts: cliffs, tiers that are asked for, cache writes, further models', () => {
  const base = priced({ input: 10n, output: 10n })
  const long = priced({ input: 40n, output: 20n }, { contextOverTokens: 5 })
  const fast = priced({ input: 30n, output: 90n }, { serviceTier: 'priority' })
  const rich = model({ priceRows: [base, long, fast] })
  const cost = (call: Call, row: ModelRow, output: bigint): bigint => {
    const input = row.priceRows === 'free' ? 0n : 40n
    return (BigInt(call.inputBytes) * input + 1_000_000n * output + 500_000n) / 1_000_000n
  }
  const plain = callOf({ max_tokens: 1_000_000 })
  assert.equal(bound(plain, rich).amountNanoUsd, cost(plain, rich, 20n))
  const asked = callOf({ max_tokens: 1_000_000, service_tier: 'priority' })
  assert.ok(bound(asked, rich).amountNanoUsd > cost(asked, rich, 80n))
  const dear = model({ priceRows: [priced({ input: 0n, output: 1000n })] })
  assert.equal(bound(plain, rich, dear).amountNanoUsd, 1000n)
})

test('a model without a price is a problem, a free one costs nothing', () => {
  const missing = boundOf(callOf({}), { rows: [model({}), model({ priceRows: [] })], atMs: 0, canCap: true })
  assert.ok(missing instanceof Problem && missing.code === 'price_unknown')
  assert.equal(bound(callOf({}), model({ priceRows: 'free' })).amountNanoUsd, 0n)
})

test('tools of a provider are held for where a call asks for them, and pictures hold for none', () => {
  const items = { web_search: 10_000_000n, grounded_prompt: 35_000_000n, image: 7n }
  const row = model({ contextTokens: 5000, priceRows: [priced({ input: 0n, output: 0n, items })] })
  const image = { type: 'image_url', image_url: { url: 'https://images.example/a' } }
  const messages = [{ role: 'user', content: [image] }]
  assert.equal(bound(callOf({}), row).amountNanoUsd, 0n)
  assert.equal(bound(callOf({ messages }), row).amountNanoUsd, 16n * 7n)
  const asked = bound(callOf({ web_search_options: {} }), row).amountNanoUsd
  assert.equal(asked, 16n * 10_000_000n + 35_000_000n + 16n * 7n)
  const capped = callOf({ tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }] })
  assert.equal(bound(capped, row).amountNanoUsd, 2n * 10_000_000n + 35_000_000n + 16n * 7n)
})

test('what a tool finds is read as input: such a call takes the whole window', () => {
  const row = model({
    contextTokens: 5000,
    priceRows: [priced({ input: 1_000_000n, output: 0n, items: { x_search: 0n } })],
  })
  assert.equal(bound(callOf({ tools: [{ type: 'x_search' }] }), row).amountNanoUsd, 5000n)
})

test('a model that searches unasked is held for', () => {
  const items = { search_context_low: 5n, search_context_high: 12n, search_queries: 100n }
  const row = model({ priceRows: [priced({ input: 0n, output: 0n, items })] })
  assert.equal(bound(callOf({}), row).amountNanoUsd, 5n + 12n + 16n * 100n)
})

test('a tool that a row does not price is refused by name, before the call; zero on purpose is a price', () => {
  const call = callOf({ web_search_options: {} })
  const found = boundOf(call, { rows: [model({})], atMs: 0, canCap: true })
  assert.ok(found instanceof Problem && found.code === 'price_unknown')
  assert.match(found.message, /'web_search_options'.*Leave the tool out.*set web_search among the items/)
  const onOneTier = model({
    priceRows: [
      priced({ input: 1n, output: 1n, items: { web_search: 5n } }),
      priced({ input: 1n, output: 1n }, { contextOverTokens: 5 }),
    ],
  })
  assert.ok(boundOf(call, { rows: [onOneTier], atMs: 0, canCap: true }) instanceof Problem, 'any row that may rate it')
  const zero = model({ priceRows: [priced({ input: 1n, output: 1n, items: { web_search: 0n } })] })
  assert.ok(!(boundOf(call, { rows: [zero], atMs: 0, canCap: true }) instanceof Problem))
  assert.ok(!(boundOf(call, { rows: [model({ priceRows: 'free' })], atMs: 0, canCap: true }) instanceof Problem))
})

test('for any prices and usage within the bound the charge is never above it, and a lowered maximum fits its money', () => {
  const rate = fc.bigInt({ min: 0n, max: 10n ** 11n })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.tuple(rate, rate, rate),
      fc.integer({ min: 1, max: 100_000 }),
      fc.tuple(share, share, share),
      (rates, most, shares) => {
        const [input, cached, output] = rates
        const [a, b, c] = shares
        const row = model({ priceRows: [priced({ input, cachedInput: cached, output })] })
        const call = callOf({ max_tokens: most })
        const of = bound(call, row)
        const used = Math.floor(call.inputBytes * a)
        const usage = usageOf({ input: used, cachedInput: Math.floor(used * b), output: Math.floor(most * c) })
        const charge = chargeOf(usage, row.priceRows, 0)
        assert.ok(charge !== null && charge.costNanoUsd <= of.amountNanoUsd)
        const fits = of.outputTokensFor(of.amountNanoUsd)
        assert.ok(fits === null || fits >= most)
        const part = of.amountMinNanoUsd + (of.amountNanoUsd - of.amountMinNanoUsd) / 2n
        const lowered = of.outputTokensFor(part)
        if (lowered === null || lowered > most) return
        const whole = chargeOf(usageOf({ input: call.inputBytes, output: lowered }), row.priceRows, 0)
        if (cached <= input) assert.ok(whole !== null && whole.costNanoUsd <= part)
      },
    ),
  )
})

const markup = (basisPoints: number): PriceRule => ({
  name: 'm',
  kind: 'markup',
  basisPoints,
  scope: { account: null, plan: null, model: null, families: null, vendor: null },
  volumeMinNanoUsd: null,
  fromMs: null,
  untilMs: null,
})

test('the dearest window that the call may run into counts', () => {
  const peak = priced({ input: 0n, output: nanoOf('9') }, { windows: [{ fromMinute: 5, untilMinute: 6 }] })
  const rows = [priced({ input: 0n, output: nanoOf('2') }), peak]
  const lasting = (totalMs: number): ModelRow =>
    model({ priceRows: rows, route: { ...model({}).route, timeouts: { ...timeouts, totalMs } } })
  const call = callOf({ max_tokens: 1000 })
  assert.equal(bound(call, lasting(299_999)).amountNanoUsd, 2_000_000n)
  assert.equal(bound(call, lasting(300_000)).amountNanoUsd, 9_000_000n)
})

test('for any markup, discount and rate of exchange the hold covers the charge, and a lowered maximum fits its money', () => {
  const rate = fc.bigInt({ min: 0n, max: 10n ** 11n })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.tuple(rate, rate, fc.bigInt({ min: 1n, max: 10n ** 11n })),
      fc.tuple(fc.integer({ min: -10_000, max: 100_000 }), fc.integer({ min: 0, max: 10_000 })),
      fc.tuple(share, share, fc.integer({ min: 1, max: 100_000 })),
      ([input, output, perUsdNano], [up, down], [a, b, most]) => {
        const perUsd = [{ currency: 'CNY', perUsdNano, fromMs: 0, source: 's', read: 'r' }]
        const rules = { markup: markup(up), discount: { ...markup(down), kind: 'discount' as const } }
        const row = model({ priceRows: [priced({ input, output }, { currency: 'CNY', perUsd })], rules })
        const call = callOf({ max_tokens: most })
        const of = bound(call, row)
        const usage = usageOf({ input: Math.floor(call.inputBytes * a), output: Math.floor(most * b) })
        const charge = saleOf(usage, row.priceRows, { atMs: 0, rules })
        assert.ok(charge !== null && charge.costNanoUsd <= of.amountNanoUsd)
        const lowered = of.outputTokensFor(of.amountMinNanoUsd)
        if (lowered === null || lowered > most) return
        const whole = saleOf(usageOf({ input: call.inputBytes, output: lowered }), row.priceRows, { atMs: 0, rules })
        assert.ok(whole !== null && whole.costNanoUsd <= of.amountMinNanoUsd)
      },
    ),
  )
})

test('the widest window and the longest answer of the targets bound it: any of them may answer', () => {
  const target = { provider: 'p', model: 'm', weight: 1, tier: 1, params: 'shim', region: null, costRows: [] } as const
  const small = { ...target, contextTokens: 10, outputTokensMax: 5 }
  const large = { ...target, tier: 2, contextTokens: 1_000_000, outputTokensMax: 64_000 }
  const facts = { contextTokens: 10, outputTokensMax: 5 }
  const call = callOf({ max_tokens: 100_000 })
  const size = BigInt(call.inputBytes)
  assert.equal(bound(call, model({ ...facts, targets: [small] })).amountNanoUsd, 10n * 1000n + 5n * 2000n)
  const both = bound(call, model({ ...facts, targets: [small, large] }))
  assert.equal(both.amountNanoUsd, size * 1000n + 64_000n * 2000n)
  // Of a target that nobody knows the caller's word holds, or what is held where nobody says anything.
  const strange = { ...target, contextTokens: null, outputTokensMax: null }
  const mixed = model({ ...facts, targets: [small, strange] })
  assert.equal(bound(call, mixed).amountNanoUsd, size * 1000n + 100_000n * 2000n)
  assert.equal(bound(callOf({}), mixed).amountFor(0) + 32_768n * 2000n, bound(callOf({}), mixed).amountNanoUsd)
})

test('a recording is held for by the seconds that it plays, or could play, and ranking by its units', () => {
  const form = { parts: [fieldOf('model', 'm'), fileOf('file', 'x')], sizeBytes: 5_000, dispose: async () => {} }
  const call = openaiTranscriptions.server.readCall(inboundOf({ kind: 'form', form }))
  const bySecond = model({ priceRows: [priced({ items: { seconds: 7n } })], contextTokens: 1, outputTokensMax: 1 })
  assert.equal(bound({ ...call, soundSeconds: 2.1 }, bySecond).amountNanoUsd, 21n)
  assert.equal(bound({ ...call, soundSeconds: null }, bySecond).amountNanoUsd, 70n)
  const documents = Array.from({ length: 101 }, () => 'd')
  const ranking = openaiRerank.server.readCall(inboundOf(JSON.stringify({ model: 'm', query: 'q', documents })))
  const byUnit = model({ priceRows: [priced({ items: { search_units: 7n } })] })
  assert.equal(bound(ranking, byUnit).amountNanoUsd, 14n)
})
