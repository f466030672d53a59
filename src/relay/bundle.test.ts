/** Bundles and plans on the path of a call: what is charged, what the receipt says, and from which call on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { usageOf } from '#base/usage.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { rowForAccount } from './account-price.ts'
import { monthVolumes } from './month-volumes.ts'
import { priceOf } from './settle.ts'
import { openStage, samplePrice, sampleRoute } from './test-stage.ts'

type Given = {
  readonly name: string
  readonly families: readonly string[]
  readonly minimum: string
  readonly basisPoints: number
}

const bundle = ({ name, families, minimum, basisPoints }: Given): PriceRule => ({
  name: `bundle "${name}"`,
  kind: 'discount',
  basisPoints,
  scope: { account: null, plan: null, model: null, families, vendor: null },
  volumeMinNanoUsd: nanoOf(minimum),
  fromMs: null,
  untilMs: null,
})

/** Kimi with Claude 15 to 30 % by volume, Kimi with GPT 10 to 20 %, GPT alone nothing. */
const rules: readonly PriceRule[] = [
  bundle({ name: 'kimi-plus-claude', families: ['kimi', 'claude'], minimum: '100', basisPoints: 1_500 }),
  bundle({ name: 'kimi-plus-claude-large', families: ['kimi', 'claude'], minimum: '1000', basisPoints: 3_000 }),
  bundle({ name: 'kimi-plus-gpt', families: ['kimi', 'gpt'], minimum: '100', basisPoints: 1_000 }),
  bundle({ name: 'kimi-plus-gpt-large', families: ['kimi', 'gpt'], minimum: '1000', basisPoints: 2_000 }),
  bundle({ name: 'gpt', families: ['gpt'], minimum: '0', basisPoints: 0 }),
]

const atMs = Date.parse('2026-11-22T12:00:00Z')
const row = (family: string): ModelRow => {
  const { rates } = samplePrice
  const price = { model: family, vendor: 'v', currency: 'USD', fromMs: null, untilMs: null } as const
  return {
    id: family,
    aliases: [],
    targets: [],
    route: sampleRoute,
    family,
    priceRows: [
      { ...price, contextOverTokens: null, serviceTier: 'default', windows: null, rates, source: 's', read: 'r' },
    ],
    origin: 'yaml',
    contextTokens: null,
    outputTokensMax: null,
    inputModalities: ['text'],
    outputModalities: ['text'],
    createdMs: null,
    ownedBy: 'v',
  }
}

/** A million tokens each way: 3 dollars before discounts. */
const chargeFor = (family: string, spent: Readonly<Record<string, string>>, at = atMs) => {
  const volumes = monthVolumes()
  for (const [name, usd] of Object.entries(spent))
    volumes.begin([{ account: 'acc', family: name, baseNanoUsd: nanoOf(usd) }], atMs)
  const snapshot = { accounts: new Map(), pricing: { rules, volumes } }
  const priced = rowForAccount(row(family), snapshot, { account: 'acc', atMs: at })
  const usage = usageOf({ input: 1_000_000, output: 1_000_000 })
  const charge = priceOf(priced, usage, { test: false, timeMs: at } as Parameters<typeof priceOf>[2])
  assert.equal(charge?.baseNanoUsd, nanoOf('3'))
  return [charge?.costNanoUsd, charge?.rules.discount?.name ?? null]
}

test('15 to 30 %: by what the families of the bundle came to together this month', () => {
  assert.deepEqual(chargeFor('kimi', { kimi: '60', claude: '39.999999999' }), [nanoOf('3'), null])
  assert.deepEqual(chargeFor('kimi', { kimi: '60', claude: '40' }), [nanoOf('2.55'), 'bundle "kimi-plus-claude"'])
  assert.deepEqual(chargeFor('claude', { kimi: '1', claude: '99' }), [nanoOf('2.55'), 'bundle "kimi-plus-claude"'])
  assert.deepEqual(chargeFor('kimi', { kimi: '1000' }), [nanoOf('2.1'), 'bundle "kimi-plus-claude-large"'])
})

test('a branch of a family is of the family: kimi-k2 and claude-sonnet count for kimi and claude', () => {
  const spent = { 'kimi-k2': '60', 'claude-sonnet': '40', kimik: '900' }
  assert.deepEqual(chargeFor('kimi-k3', spent), [nanoOf('2.55'), 'bundle "kimi-plus-claude"'])
  assert.deepEqual(chargeFor('kimik', spent), [nanoOf('3'), null])
})

test('10 to 20 %', () => {
  assert.deepEqual(chargeFor('gpt', { kimi: '50', gpt: '50' }), [nanoOf('2.7'), 'bundle "kimi-plus-gpt"'])
  assert.deepEqual(chargeFor('gpt', { kimi: '500', gpt: '500' }), [nanoOf('2.4'), 'bundle "kimi-plus-gpt-large"'])
})

test('0 %: the rule is named although nothing comes off', () => {
  assert.deepEqual(chargeFor('gpt', {}), [nanoOf('3'), 'bundle "gpt"'])
  assert.deepEqual(chargeFor('qwen', { kimi: '9999', claude: '9999', gpt: '9999' }), [nanoOf('3'), null])
})

test('a new month begins with nothing', () => {
  const next = Date.parse('2026-12-01T00:00:00Z')
  assert.deepEqual(chargeFor('kimi', { kimi: '1000' }, next), [nanoOf('3'), null])
})

test('the receipt names the rule with the amounts before and after', async () => {
  const always: PriceRule = {
    ...bundle({ name: 'all', families: [], minimum: '0', basisPoints: 1_500 }),
    scope: { account: null, plan: null, model: 'm', families: null, vendor: null },
    volumeMinNanoUsd: null,
  }
  const marked: PriceRule = { ...always, name: 'resale', kind: 'markup', basisPoints: 2_000 }
  const { call, settled, arrival, settle } = openStage({ priceRules: [always, marked] })
  const caller = await call({ body: { model: 'm', messages: [{ role: 'user', content: 'hi' }] } })
  const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 }
  const choices = [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }]
  arrival('alpha').answer(200, { id: 'x', object: 'chat.completion', choices, usage })
  await settle()
  assert.equal(caller.status(), 200)
  // 1,000 x 1 + 500 x 2 dollars per million = 0.002; x 1.2 = 0.0024; x 0.85 = 0.00204
  assert.equal(settled[0]?.chargeNanoUsd, nanoOf('0.00204'))
  assert.equal(
    settled[0]?.rule,
    'the provider\'s own count; markup resale 20%; discount bundle "all" 15%: 0.0024 USD before, 0.00204 USD after',
  )
  const { pricing } = caller.record()
  assert.equal(pricing?.baseNanoUsd, nanoOf('0.0024'))
  assert.deepEqual(
    pricing?.rules.map(({ kind, basisPoints }) => [kind, basisPoints]),
    [
      ['markup', 2_000],
      ['discount', 1_500],
    ],
  )
})
