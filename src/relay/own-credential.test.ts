/** Calls with an account's own credential: who carries it, what is charged, what its refusals do. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Secret } from '#base/log.ts'
import type { PriceRates } from '#base/price-row.ts'
import { noRates } from '#base/price-row.ts'
import { usageOf } from '#base/usage.ts'
import { saleOf } from '#ledger/charge.ts'
import { sampleKey } from '#policy/sample-key.ts'
import { makeVendor } from '#provider/vendor-defaults.ts'
import { feeOf, ownCredentialsOf, snapshotFor } from './own-credential.ts'
import type { OwnCredential, Snapshot } from './snapshot.ts'
import { openStage, sampleModel, samplePrice, sampleRoute } from './test-stage.ts'
import { completion, scriptedUpstream } from './test-upstream.ts'
import { inProcessUpstream } from './upstreams.ts'

const { account } = sampleKey()
const own = (changes: Partial<OwnCredential> = {}): OwnCredential => ({
  account,
  provider: 'alpha',
  credential: new Secret('OWN'),
  feeBasisPoints: 500,
  ...changes,
})
const operators = { credentials: [new Secret('K1'), new Secret('K2')], credentialNames: ['env:K1', 'env:K2'] }
const refusal = { error: { message: 'No.', type: 'invalid_request_error', code: 'invalid_api_key' } }
const keyOf = (stage: ReturnType<typeof openStage>, provider: string, index = 0) =>
  stage.arrival(provider, index).request.headers['authorization']

test('the fee is the part of the price, divided once and rounded half up', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 12n })
  fc.assert(
    fc.property(
      fc.record({ input: amount, output: amount, count: fc.nat(1_000_000), fee: fc.integer({ min: 0, max: 10_000 }) }),
      ({ input, output, count, fee }) => {
        const rates: PriceRates = { ...noRates, input, output }
        const price = { model: 'm', vendor: 'v', currency: 'USD' as const, fromMs: null, untilMs: null, windows: null }
        const rows = [
          { ...price, contextOverTokens: null, serviceTier: 'default', rates, source: 's', read: '2026-11-22' },
        ]
        const rules = { markup: null, discount: null, feeBasisPoints: fee }
        const charge = saleOf(usageOf({ input: count, output: 1 }), rows, { atMs: 0, rules })
        const scaled = (BigInt(count) * input + output) * BigInt(fee)
        const half = 5_000n * 1_000_000n
        assert.equal(charge?.costNanoUsd, (scaled + half) / (2n * half))
      },
    ),
  )
})

test('a call carries the credential and none of what says who the operator is; the price is the fee', async () => {
  const headers = {
    'OpenAI-Organization': new Secret('org-operator'),
    'x-gate': new Secret('open'),
    'x-gateway-key': new Secret('of the operator'),
  }
  const stage = openStage({
    models: [sampleModel([{}], { price: samplePrice })],
    providers: { alpha: { ...operators, headers, secretHeaders: ['x-gateway-key'] } },
    credentials: [own()],
  })
  const caller = await stage.call()
  const sent = stage.arrival('alpha').request.headers
  assert.equal(keyOf(stage, 'alpha'), 'Bearer OWN')
  assert.deepEqual([sent['OpenAI-Organization'], sent['x-gateway-key'], sent['x-gate']], [undefined, undefined, 'open'])
  stage.arrival('alpha').answer(200, completion('hello'))
  await stage.settle()
  const record = caller.record()
  assert.equal(record.provider, 'alpha')
  assert.deepEqual(
    record.attempts.map(({ credential, costNanoUsd }) => [credential, costNanoUsd]),
    [['own credential', 0n]],
  )
  assert.equal(feeOf(record), 500)
  assert.match(stage.settled[0]?.rule ?? '', /; own credential, fee 5 %$/)
  assert.deepEqual(stage.settled[0]?.upstreamCosts, [])
})

test('a credential of another account, or under a test key, is not used', async () => {
  const stage = openStage({ providers: { alpha: operators }, credentials: [own({ account: 'acc_other' })] })
  await stage.call()
  assert.match(keyOf(stage, 'alpha') ?? '', /^Bearer K/)
  const customers = { budgets: new Map(), plans: new Map(), credentials: ownCredentialsOf([own()]) }
  const snapshot: Partial<Snapshot> = { customers, upstreams: new Map() }
  assert.equal(snapshotFor(snapshot as Snapshot, { account, test: true }), snapshot)
})

test("its refusals leave the operator's keys and everybody's breaker alone", async () => {
  const stage = openStage({
    models: [sampleModel([{}, { provider: 'beta' }], { route: { ...sampleRoute, retriesMax: 0 } })],
    providers: { alpha: operators },
    credentials: [own()],
  })
  for (let index = 0; index < 6; index += 1) {
    await stage.call()
    if (stage.arrivals('alpha') > index) stage.arrival('alpha', index).answer(401, refusal)
    await stage.settle()
    stage.arrival('beta', index).answer(200, completion('from beta'))
    await stage.settle()
  }
  assert.deepEqual(
    stage.events.map((event) => [event.name, event.account, event.object]),
    [
      ['credential_dead', account, 'alpha'],
      ['target_down', account, `alpha/alpha-1 with the credential of ${account}`],
    ],
  )
})

test("one that cannot be read is not replaced by the operator's", async () => {
  const stage = openStage({
    models: [sampleModel([{}, { provider: 'beta' }])],
    providers: { alpha: operators },
    credentials: [own({ credential: null })],
  })
  await stage.call()
  assert.deepEqual([stage.arrivals('alpha'), stage.arrivals('beta')], [0, 1])
})

test('what it is exchanged for is kept apart, also where it says that it is the operator', async () => {
  const taken: string[] = []
  const tokens = () => ({ take: async (name: string) => `token ${taken.push(name)}` })
  const vendor = { name: 'alpha', title: 'Alpha', baseUrl: null, keyEnv: [], protocols: [], keyPage: null }
  const { transport } = scriptedUpstream()
  const usual = { ...inProcessUpstream(makeVendor(vendor), transport), tokens }
  const budgets = new Map()
  for (const text of ['ONE', 'TWO']) {
    const credentials = ownCredentialsOf([own({ credential: new Secret(text) })])
    const snapshot: Partial<Snapshot> = {
      customers: { budgets, plans: new Map(), credentials },
      upstreams: new Map([['alpha', usual]]),
    }
    const seen = snapshotFor(snapshot as Snapshot, { account, test: false }).upstreams.get('alpha')
    await seen?.tokens(0).take('robot@operator', async () => ({ text: '', endsMs: 0 }))
  }
  assert.equal(new Set([...taken, 'robot@operator']).size, 3)
})
