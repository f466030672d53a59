import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { faultProblem } from '#http/upstream-problem.ts'
import { protocols } from '#protocol/index.ts'
import type { Stage } from './test-stage.ts'
import { codeOf, openStage, sampleModel, samplePrice, sampleRoute } from './test-stage.ts'
import { completion, done, says, stops, uses } from './test-upstream.ts'

const refusal = (message: string, code: string | null = null) => ({ error: { message, type: 'server_error', code } })
const asked = (stage: Stage, ...providers: readonly string[]): number[] =>
  providers.map((provider) => stage.arrivals(provider))
/** The wish for none but these providers. */
const butThese = 'only'
const two = [{}, { provider: 'beta' }]
const routed = (changes: Partial<typeof sampleRoute>) => ({ route: { ...sampleRoute, ...changes } })
const keys = (...names: readonly string[]) => ({
  credentials: names.map((name) => new Secret(name)),
  credentialNames: names.map((name) => `env:${name}`),
})

/** Calls that fail at alpha and are answered by beta. */
const failAtAlpha = async (stage: Stage, times: number): Promise<void> => {
  for (let index = 0; index < times; index += 1) {
    await stage.call()
    stage.arrival('alpha', stage.arrivals('alpha') - 1).answer(500, refusal('It broke.'))
    await stage.settle()
    stage.arrival('beta', stage.arrivals('beta') - 1).answer(200, completion('from beta'))
    await stage.settle()
  }
}

const answerLast = async (stage: Stage, provider: string): Promise<void> => {
  stage.arrival(provider, stage.arrivals(provider) - 1).answer(200, completion(`from ${provider}`))
  await stage.settle()
}

test('what only some providers take goes to those; where none is known to take it they judge for themselves, but for those of another form', async () => {
  const speech = { protocol: protocols['openai-speech'], path: 'audio/speech', body: { input: 'Hi', voice: 'alloy' } }
  const chats = { protocols: ['openai-chat'] } as const
  const mixed = openStage({
    models: [sampleModel([{}, { provider: 'beta', tier: 2 }])],
    vendors: { alpha: chats, beta: { protocols: ['openai-chat', 'openai-speech'] } },
  })
  const spoken = await mixed.call(speech)
  assert.deepEqual(asked(mixed, 'alpha', 'beta'), [0, 1])
  spoken.leave()
  await mixed.settle()
  const written = await mixed.call()
  assert.deepEqual(asked(mixed, 'alpha', 'beta'), [1, 1])
  written.leave()
  await mixed.settle()
  const none = openStage({ models: [sampleModel(two)], vendors: { alpha: chats, beta: chats } })
  const tried = await none.call(speech)
  none.arrival('alpha').answer(404, refusal('No such endpoint.'))
  await none.settle()
  assert.deepEqual([tried.status(), asked(none, 'alpha', 'beta')], [404, [1, 0]])
  const other = openStage({ vendors: { alpha: { protocols: ['anthropic-messages'] } } })
  const told = await other.call(speech)
  assert.deepEqual([told.status(), codeOf(told.json()), asked(other, 'alpha')], [400, 'unsupported_parameter', [0]])
})

test('a target that fails again and again is left out, probed by one call after its rest, and back again', async () => {
  const stage = openStage({ models: [sampleModel(two)], chance: () => 0.05 })
  await failAtAlpha(stage, 5)
  assert.deepEqual(
    stage.events.map(({ name, object }) => [name, object]),
    [['target_down', 'alpha/alpha-1']],
  )
  const past = await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [5, 6])
  await answerLast(stage, 'beta')
  assert.equal(past.record().attempts.length, 1)
  await stage.advance(10_000)
  const probe = await stage.call()
  const beside = await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [6, 7], 'one call probes, the next goes to the target that is well')
  await answerLast(stage, 'alpha')
  await answerLast(stage, 'beta')
  assert.deepEqual([probe.record().provider, beside.record().provider], ['alpha', 'beta'])
  assert.deepEqual(
    probe.record().attempts.map(({ reason, breaker }) => [reason, breaker]),
    [['probe', 'half-open']],
  )
  assert.equal(stage.events.at(-1)?.name, 'target_up')
})

test('the last target is never left out: it is asked once, and no more', async () => {
  const stage = openStage({ models: [sampleModel([{}], routed({ retriesMax: 2 }))] })
  for (let index = 0; index < 8; index += 1) {
    const caller = await stage.call()
    while (caller.status() === 0) {
      stage.arrival('alpha', stage.arrivals('alpha') - 1).answer(500, refusal('It broke.'))
      await stage.settle()
      await stage.advance(2_000)
    }
  }
  const before = stage.arrivals('alpha')
  const last = await stage.call()
  assert.equal(stage.arrivals('alpha'), before + 1)
  await answerLast(stage, 'alpha')
  assert.equal(last.status(), 200)
  assert.equal(last.record().attempts[0]?.reason, 'last-resort')
})

test('when nobody can be reached it is the network here: no target is blamed', async () => {
  const stage = openStage({ models: [sampleModel(two)] })
  for (let index = 0; index < 20; index += 1) {
    await stage.call()
    for (const provider of ['alpha', 'beta']) {
      stage.arrival(provider, index).fail(faultProblem('dns', new Error('EAI_AGAIN')))
      await stage.settle()
    }
  }
  assert.deepEqual(stage.events, [])
})

test('a key at its limit rests until its reset, and the same target is asked with another at once', async () => {
  const stage = openStage({ providers: { alpha: keys('K1', 'K2') }, chance: () => 0 })
  const caller = await stage.call()
  const keyOf = (index: number) => stage.arrival('alpha', index).request.headers['authorization']
  stage.arrival('alpha').answer(429, refusal('Slow down.'), { 'retry-after': '30' })
  await stage.settle()
  assert.deepEqual([keyOf(0), keyOf(1)], ['Bearer K1', 'Bearer K2'])
  await answerLast(stage, 'alpha')
  assert.deepEqual(
    caller.record().attempts.map(({ reason, left, credential }) => [reason, left, credential]),
    [
      ['fallback', 'upstream_overloaded: 429', 'env:K1'],
      ['other-key', null, 'env:K2'],
    ],
  )
  await stage.call()
  assert.equal(keyOf(2), 'Bearer K2')
  await answerLast(stage, 'alpha')
  await stage.advance(30_000)
  await stage.call()
  assert.equal(keyOf(3), 'Bearer K1')
  assert.deepEqual(
    stage.events.map(({ name, facts }) => [name, facts['credential']]),
    [['credential_resting', 'env:K1']],
  )
})

test('a key that is refused is out, and told of once; so is one whose account has no quota', async () => {
  for (const [status, code] of [
    [401, 'invalid_api_key'],
    [403, null],
    [429, 'insufficient_quota'],
  ] as const) {
    const stage = openStage({ providers: { alpha: keys('K1', 'K2') }, chance: () => 0 })
    const first = await stage.call()
    stage.arrival('alpha').answer(status, refusal('No.', code))
    await stage.settle()
    await answerLast(stage, 'alpha')
    assert.equal(first.status(), 200)
    await stage.call()
    assert.equal(stage.arrival('alpha', 2).request.headers['authorization'], 'Bearer K2')
    assert.deepEqual(
      stage.events.map(({ name, object }) => [name, object]),
      [['credential_dead', 'alpha']],
    )
    assert.doesNotMatch(JSON.stringify(stage.events), /[^:]K1|Bearer/)
  }
})

test('a provider whose only key rests is passed over for one that is free', async () => {
  const stage = openStage({ models: [sampleModel(two)] })
  await stage.call()
  stage.arrival('alpha').answer(429, refusal('Slow down.'), { 'retry-after': '30' })
  await stage.settle()
  await answerLast(stage, 'beta')
  await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 2])
})

test('repeats stay within their budget, whatever the setting of each call says', async () => {
  const stage = openStage({
    models: [sampleModel([{}], routed({ retriesMax: 10, breaker: { failuresMax: 1_000, restMs: 1 } }))],
  })
  for (let index = 0; index < 50; index += 1) {
    const caller = await stage.call()
    while (caller.status() === 0) {
      stage.arrival('alpha', stage.arrivals('alpha') - 1).answer(500, refusal('It broke.'))
      await stage.settle()
      await stage.advance(20)
    }
  }
  assert.ok(stage.arrivals('alpha') <= 50 + 10, `${stage.arrivals('alpha')} requests for 50 calls`)
})

test('a slow first part is hedged: the quicker target wins, the other is dropped, one is billed', async () => {
  const price = { ...samplePrice }
  const targets = two.map((target) => ({ ...target, cost: price }))
  const stage = openStage({ models: [sampleModel(targets, routed({ hedgeAfterMs: 800 }))] })
  const caller = await stage.call({ body: { stream: true } })
  await stage.advance(799)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 0])
  await stage.advance(1)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
  const beta = stage.arrival('beta')
  beta.head()
  beta.write(says('Quick'), stops, uses(5, 1), done)
  beta.end()
  await stage.settle()
  assert.ok(stage.arrival('alpha').left())
  assert.equal(caller.text(), says('Quick') + stops + done)
  assert.deepEqual(
    [caller.header('x-drover-provider'), caller.header('x-drover-model'), caller.header('x-drover-attempts')],
    ['beta', 'beta-1', '2'],
  )
  const record = caller.record()
  assert.deepEqual(
    record.attempts.map(({ provider, reason, left, error }) => [provider, reason, left, error]),
    [
      ['alpha', 'fallback', 'hedge_lost', null],
      ['beta', 'hedge', null, null],
    ],
  )
  assert.deepEqual([record.provider, record.costNanoUsd, stage.settled.length], ['beta', 7_000n, 1])
  const [lost] = record.attempts
  assert.equal(lost?.usage?.source, 'estimated')
  assert.ok((lost?.costNanoUsd ?? 0n) > 0n, 'what the loser read is the cost of the operator')
  assert.equal(stage.timers(), 0)
})

test('the first may still win after its hedge has begun, and a failed one leaves the other running', async () => {
  const models = [sampleModel(two, routed({ hedgeAfterMs: 100 }))]
  const stage = openStage({ models })
  const won = await stage.call()
  await stage.advance(100)
  stage.arrival('alpha').answer(200, completion('after all'))
  await stage.settle()
  assert.ok(stage.arrival('beta').left())
  assert.deepEqual([won.header('x-drover-provider'), won.record().provider], ['alpha', 'alpha'])
  const saved = await stage.call()
  await stage.advance(100)
  stage.arrival('alpha', 1).answer(500, refusal('It broke.'))
  await stage.settle()
  assert.equal(saved.status(), 0)
  await answerLast(stage, 'beta')
  assert.equal(saved.record().provider, 'beta')
  assert.equal(stage.timers(), 0)
})

test('a caller who leaves stops both', async () => {
  const stage = openStage({ models: [sampleModel(two, routed({ hedgeAfterMs: 100 }))] })
  const caller = await stage.call()
  await stage.advance(100)
  caller.leave()
  await stage.settle()
  assert.ok(stage.arrival('alpha').left() && stage.arrival('beta').left())
  assert.equal(caller.record().end, 'left')
  assert.equal(stage.timers(), 0)
})

const small = sampleModel([{}], { fallbacks: ['large'], price: samplePrice })
const large = sampleModel([{ provider: 'beta' }], { id: 'large', fallbacks: ['huge', 'm'], price: 'free' })
const huge = sampleModel([{ provider: 'gamma' }], { id: 'huge', fallbacks: ['m'] })

test("the operator's fallbacks follow when a model is away, theirs too, at the price of the model that was named", async () => {
  const stage = openStage({ models: [small, large, huge] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(500, refusal('It broke.'))
  await stage.settle()
  stage.arrival('beta').answer(500, refusal('It broke too.'))
  await stage.settle()
  stage.arrival('gamma').answer(200, {
    ...completion('from gamma'),
    usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
  })
  await stage.settle()
  const record = caller.record()
  assert.deepEqual([record.model, record.provider, record.costNanoUsd], ['m', 'gamma', 7_000n])
  assert.deepEqual(
    record.attempts.map(({ reason }) => reason),
    ['fallback', 'other-model', 'other-model'],
  )
})

const tooLong = { error: { message: 'maximum context length is 8192 tokens', code: 'context_length_exceeded' } }
const blocked = { error: { message: 'The response was filtered.', code: 'content_filter' } }

test('a prompt that is too long, or filtered, goes to the next model where the operator or the caller wishes so', async () => {
  for (const said of [tooLong, blocked]) {
    const silent = openStage({ models: [small, large, huge] })
    const told = await silent.call()
    silent.arrival('alpha').answer(400, said)
    await silent.settle()
    assert.deepEqual([told.status(), silent.arrivals('beta')], [400, 0])
    const route = { ...sampleRoute, fallbackOn: ['context-length', 'content-filter'] as const }
    const stage = openStage({ models: [{ ...small, route }, large, huge] })
    const wished = await stage.call()
    stage.arrival('alpha').answer(400, said)
    await stage.settle()
    await answerLast(stage, 'beta')
    assert.equal(wished.status(), 200)
    const caller = openStage({ models: [sampleModel(), large, huge] })
    const named = await caller.call({ body: { models: ['huge'] } })
    caller.arrival('alpha').answer(400, said)
    await caller.settle()
    await answerLast(caller, 'gamma')
    assert.equal(named.status(), 200)
  }
})

test('an answer that a filter ended before it said anything is not one, where another model may be asked', async () => {
  const filtered = {
    choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }],
  }
  const route = { ...sampleRoute, fallbackOn: ['content-filter'] as const }
  const stage = openStage({ models: [{ ...small, route }, large, huge] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(200, filtered)
  await stage.settle()
  await answerLast(stage, 'beta')
  assert.equal(caller.record().provider, 'beta')
  assert.equal(caller.record().attempts[0]?.left, 'content_blocked')
  const plain = openStage({ models: [small, large, huge] })
  const passed = await plain.call()
  plain.arrival('alpha').answer(200, filtered)
  await plain.settle()
  assert.deepEqual(passed.json(), filtered)
})

test("a caller's wishes: only, ignore, order, and what they leave nothing of", async () => {
  const model = sampleModel([{}, { provider: 'beta' }, { provider: 'gamma' }])
  const stage = openStage({ models: [model] })
  const ask = async (provider: object) => stage.call({ body: { provider } as never })
  await ask({ [butThese]: ['BETA'] })
  assert.deepEqual(asked(stage, 'alpha', 'beta', 'gamma'), [0, 1, 0])
  assert.deepEqual(Object.keys(stage.arrival('beta').body()), ['model', 'messages'])
  await ask({ ignore: ['alpha', 'beta'] })
  await ask({ order: ['gamma', 'unheard-of'] })
  assert.deepEqual(asked(stage, 'alpha', 'beta', 'gamma'), [0, 1, 2])
  const unknown = await ask({ [butThese]: ['unheard-of'] })
  assert.deepEqual([unknown.status(), codeOf(unknown.json())], [400, 'invalid_request_error'])
  assert.match(unknown.text(), /"param":"provider\.only"/)
  assert.match(unknown.text(), /served by alpha, beta, gamma/)
  assert.match(unknown.text(), /No provider is called unheard-of/)
  const wrong = await ask({ order: 'alpha' })
  assert.match(wrong.text(), /"param":"provider\.order"/)
})

test('a price limit leaves out models that cost more, or whose price is not known', async () => {
  const stage = openStage({ models: [sampleModel(), sampleModel([{ provider: 'beta' }], { id: 'n', price: 'free' })] })
  const provider = { max_price: { prompt: 0.5 } }
  const refused = await stage.call({ body: { provider } as never })
  assert.match(refused.text(), /"param":"provider\.max_price"/)
  await stage.call({ body: { provider, models: ['n'] } as never })
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [0, 1])
  await stage.call({ body: { provider: { max_price: { prompt: 1, completion: '2.0' } } } as never })
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
})

test('data policies: who may train is not asked by a caller who denies it, nor is one who does not say', async () => {
  const model = sampleModel([
    { dataPolicy: 'may-train' },
    { provider: 'beta' },
    { provider: 'gamma', dataPolicy: 'no-training' },
  ])
  const stage = openStage({ models: [model] })
  await stage.call({ body: { provider: { data_collection: 'deny' } } as never })
  assert.deepEqual(asked(stage, 'alpha', 'beta', 'gamma'), [0, 0, 1])
  const none = await stage.call({ body: { provider: { zdr: true } } as never })
  assert.match(none.text(), /"param":"provider\.data_collection"/)
})

test('regions are kept, by the server and by the key, also when everything in them has failed', async () => {
  const model = sampleModel([{ region: 'cn' }, { provider: 'beta', region: 'eu-west' }, { provider: 'gamma' }])
  const stage = openStage({ models: [model], regionsAllowed: ['eu', 'us'] })
  const caller = await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta', 'gamma'), [0, 1, 0])
  stage.arrival('beta').answer(500, refusal('It broke.'))
  await stage.settle()
  assert.deepEqual([caller.status(), ...asked(stage, 'alpha', 'gamma')], [502, 0, 0])
  const narrow = openStage({ models: [model], regionsAllowed: ['eu', 'cn'], key: { regions: ['cn'] } })
  await narrow.call()
  assert.deepEqual(asked(narrow, 'alpha', 'beta', 'gamma'), [1, 0, 0])
  const nowhere = openStage({ models: [model], key: { regions: ['us'] } })
  const refused = await nowhere.call()
  assert.deepEqual([refused.status(), codeOf(refused.json())], [403, 'permission_denied'])
  assert.match(refused.text(), /served from cn, eu-west, an unknown region, and this key may use us/)
})

test('a conversation without a name stays where it was answered, from its second turn on', async () => {
  const draws = [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
  const model = sampleModel(two, routed({ strategy: 'weighted', sticky: 'conversation' }))
  const stage = openStage({ models: [model], chance: () => draws.shift() ?? 0.1 })
  const turn = { role: 'user', content: 'Hello' }
  const later = [turn, { role: 'assistant', content: 'Hi' }, { role: 'user', content: 'More' }]
  const first = await stage.call({ body: { messages: [turn] } })
  await answerLast(stage, 'beta')
  assert.equal(first.record().attempts[0]?.reason, 'weighted')
  await stage.call({ body: { messages: later } })
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [0, 2])
  await answerLast(stage, 'beta')
  await stage.call({ body: { messages: [turn] } })
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 2], 'a first turn goes by weight')
})

test('the only key of a provider is not taken out at a word: its refusals count as failures, and are told of once', async () => {
  const stage = openStage({ models: [sampleModel(two)] })
  for (let index = 0; index < 5; index += 1) {
    await stage.call()
    stage.arrival('alpha', index).answer(401, refusal('No.'))
    await stage.settle()
    await answerLast(stage, 'beta')
  }
  await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [5, 6])
  assert.deepEqual(
    stage.events.map(({ name }) => name),
    ['credential_dead', 'target_down'],
  )
})

test("what the operator asks of providers for a key's data is left by no fallback and no wish", async () => {
  const model = sampleModel([
    { dataPolicy: 'may-train' },
    { provider: 'beta', dataPolicy: 'no-training' },
    { provider: 'gamma', dataPolicy: 'zero-retention' },
  ])
  const rule = (demand: 'deny' | 'zero', projects: readonly string[] | null) => ({
    demand,
    scope: { keys: null, projects, accounts: null },
  })
  const stage = openStage({ models: [model], dataRules: [rule('deny', null), rule('zero', ['prj_other'])] })
  const caller = await stage.call({ body: { provider: { data_collection: 'allow' } } })
  stage.arrival('beta').answer(500, { error: { message: 'It broke.' } })
  await stage.settle()
  stage.arrival('gamma').answer(500, { error: { message: 'It broke.' } })
  await stage.settle()
  assert.deepEqual([caller.status(), ...asked(stage, 'alpha', 'beta', 'gamma')], [502, 0, 1, 1])
  const strict = openStage({
    models: [sampleModel([{ dataPolicy: 'no-training' }, { provider: 'beta' }])],
    dataRules: [rule('zero', null)],
  })
  const refused = await strict.call()
  assert.deepEqual([refused.status(), ...asked(strict, 'alpha', 'beta')], [403, 0, 0])
  assert.match(refused.text(), /zero retention/)
})

test('a target for some calls is asked by these alone, also as a fallback; where none is left it is refused in words', async () => {
  const nobody = { keys: null, projects: null, accounts: null, plans: null, promptBytesMin: null, promptBytesMax: null }
  const tagged = { ...nobody, tags: ['stage=dev'] }
  const long = { ...nobody, tags: null, promptBytesMin: 1_000 }
  const models = [
    sampleModel([{ provider: 'alpha', scope: tagged }, { provider: 'beta' }, { provider: 'gamma', scope: long }]),
  ]
  const stage = openStage({ models })
  await stage.call({ headers: { 'x-drover-tags': 'stage=dev' } })
  await stage.call({ headers: { 'x-drover-tags': 'stage=live' } })
  assert.deepEqual(['alpha', 'beta', 'gamma'].map(stage.arrivals), [1, 1, 0])
  stage.arrival('beta').answer(500, { error: { message: 'No.' } })
  await stage.settle()
  assert.deepEqual(['alpha', 'beta', 'gamma'].map(stage.arrivals), [1, 1, 0], 'no fallback leaves it')
  const prompt = { messages: [{ role: 'user', content: 'x'.repeat(2_000) }] }
  await stage.call({ body: prompt })
  stage.arrival('beta', 1).answer(500, { error: { message: 'No.' } })
  await stage.settle()
  assert.deepEqual(['alpha', 'beta', 'gamma'].map(stage.arrivals), [1, 2, 1])
  const narrow = openStage({ models: [sampleModel([{ provider: 'alpha', scope: tagged }])] })
  const refused = await narrow.call()
  assert.deepEqual([refused.status(), codeOf(refused.json())], [403, 'permission_denied'])
  assert.match(refused.text(), /no target for calls like this one/)
})
