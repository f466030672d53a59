import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { LimitFacts } from '#policy/limit.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openStage } from '#relay/test-stage.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { Asking } from './asking.ts'
import { correctLines, takeLines } from './batch-limits.ts'

const noLimits = {
  requestsPerMinute: null,
  requestsPerDay: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrency: null,
}
const counted = { requests: 10, tokens: 800, models: ['m'] }

/** A key with limits, and an operator's limit of a model. */
const open = (key: Partial<KeyFacts>, limits: readonly LimitFacts[] = []) => {
  const stage = openStage({ key, limiter: ({ clock }) => makeMemoryLimiter({ clock }) })
  const { ports } = stage
  const snapshot = { ...ports.snapshot(), limits }
  const [facts] = [...snapshot.keys.values()]
  assert(facts !== undefined)
  const asking = { ports, snapshot, key: facts, exchange: { inbound: inboundOf('') } } as unknown as Asking
  const end = (used: { requests: number; tokens: number }) =>
    correctLines(ports, { batch: { key: facts.id }, work: { counted }, snapshot } as never, used)
  return { take: (more: Partial<typeof counted> = {}) => takeLines(asking, { counted: { ...counted, ...more } }), end }
}

test('lines count in limits of a day, all or none, and not in those of a minute', async () => {
  const { take } = open({ requestsPerMinute: 1, requestsPerDay: 15, tokensPerMinute: 5, concurrency: 1 })
  await take()
  await assert.rejects(take(), { code: 'rate_limit_exceeded', message: /15 requests per day/ })
  await take({ requests: 5 })
})

test('more tokens than a limit lets through in a day are refused at once; what is not made gives its lines back', async () => {
  const { take } = open({ tokensPerDay: 1000 })
  await assert.rejects(take({ tokens: 1001 }), { code: 'invalid_request_error', message: /counts as 1001 tokens/ })
  const giveBack = await take()
  await assert.rejects(take(), { code: 'rate_limit_exceeded' })
  await giveBack()
  await take()
})

test('when a batch has ended what its lines have used counts, in limits for its models too', async () => {
  const ofModel: LimitFacts = {
    ...{ ...noLimits, tokensPerDay: 1000, name: 'dear', per: 'all' },
    scope: { keys: null, projects: null, accounts: null, plans: null, models: ['m'] },
  }
  const { take, end } = open({}, [ofModel])
  await take()
  await assert.rejects(take(), { code: 'rate_limit_exceeded', message: /limit "dear"/ })
  await take({ models: ['other'] })
  await end({ requests: 10, tokens: 200 })
  await take()
  await assert.rejects(take({ tokens: 1 }), { code: 'rate_limit_exceeded' })
})
