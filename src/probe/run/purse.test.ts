import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Ask, Exchange } from '#probe/exchange.ts'
import { boundOf, costOf, Purse, usageOf } from './purse.ts'

const ask: Ask = {
  method: 'POST',
  path: 'chat/completions',
  body: { model: 'm', messages: [], max_tokens: 1_000, n: 2 },
}

const answered = (usage: object | null, status = 200): Exchange => {
  const body = Buffer.from(JSON.stringify(usage === null ? {} : { usage }))
  return {
    ask,
    url: '',
    requestHeaders: {},
    requestBytes: 0,
    status,
    headers: { 'content-type': 'application/json' },
    pieces: [{ atMs: 1, bytes: body }],
    body,
    end: 'complete',
    fault: null,
    headMs: 1,
    endMs: 1,
    continued: false,
  }
}

const rates = { inputNanoUsd: 1_000_000_000n, outputNanoUsd: 10_000_000_000n }
const usd = 1_000_000_000n

test('a call is bounded by its text and by what it may put out', () => {
  const { inputTokens, outputTokens } = boundOf(ask)
  assert.equal(outputTokens, 2_000)
  assert.ok(inputTokens > 10 && inputTokens < 40)
  assert.deepEqual(boundOf({ method: 'GET', path: 'models' }), { calls: 1, inputTokens: 0, outputTokens: 0 })
})

test('an image counts as one, not as its letters', () => {
  const url = `data:image/png;base64,${'A'.repeat(90_000)}`
  const { inputTokens } = boundOf({ ...ask, body: { ...ask.body, messages: [{ content: [{ image_url: { url } }] }] } })
  assert.ok(inputTokens < 1_200, String(inputTokens))
})

test('usage is read in the words of three protocols', () => {
  assert.deepEqual(usageOf(answered({ prompt_tokens: 3, completion_tokens: 4 })), {
    calls: 1,
    inputTokens: 3,
    outputTokens: 4,
  })
  assert.deepEqual(usageOf(answered({ input_tokens: 3, output_tokens: 4 })), {
    calls: 1,
    inputTokens: 3,
    outputTokens: 4,
  })
  assert.equal(usageOf(answered(null)), null)
  assert.equal(usageOf(answered(null, 429))?.outputTokens, 0, 'a refusal costs nothing')
})

test('calls in flight together cannot pass the cap', () => {
  const purse = new Purse({ rates, nanoUsdMax: (usd * 25n) / 1_000n, callsMax: 100 })
  assert.equal(purse.hold([ask]), null)
  assert.match(purse.hold([ask]) ?? '', /cost cap/)
  purse.settle(answered({ prompt_tokens: 10, completion_tokens: 10 }))
  assert.equal(purse.spentNanoUsd, 110_000n)
  assert.equal(purse.hold([ask]), null, 'what was not used is free again')
})

test('a call that says nothing is taken to have cost its bound', () => {
  const purse = new Purse({ rates, nanoUsdMax: usd, callsMax: 100 })
  purse.hold([ask])
  purse.settle(answered(null))
  assert.equal(purse.spent.outputTokens, 2_000)
})

test('calls are capped, also where the price is unknown', () => {
  const purse = new Purse({ rates: null, nanoUsdMax: 0n, callsMax: 1 })
  assert.equal(purse.hold([ask]), null)
  assert.match(purse.hold([ask]) ?? '', /cap of 1 calls/)
  assert.equal(purse.spentNanoUsd, null)
})

test('cost is rounded up', () => {
  assert.equal(costOf({ calls: 1, inputTokens: 1, outputTokens: 0 }, { inputNanoUsd: 1n, outputNanoUsd: 0n }), 1n)
})
