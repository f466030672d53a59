import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadlineProblem, faultProblem } from '#http/upstream-problem.ts'
import type { Stage } from './test-stage.ts'
import { codeOf, openStage, sampleModel, sampleRoute } from './test-stage.ts'
import { completion, done, says, stops } from './test-upstream.ts'

const reset = faultProblem('reset', new Error('ECONNRESET'))
const refusal = (message: string) => ({ error: { message, type: 'server_error', code: null, param: null } })
const retries = (retriesMax: number) => ({ route: { ...sampleRoute, retriesMax } })
const within = (totalMs: number) => ({
  route: { ...sampleRoute, retriesMax: 2, timeouts: { ...sampleRoute.timeouts, totalMs } },
})

/** How many requests each of these providers got. */
const asked = (stage: Stage, ...providers: readonly string[]): number[] =>
  providers.map((provider) => stage.arrivals(provider))

test('targets of a tier are tried in the order written, the next tier only after them', async () => {
  const targets = [{ provider: 'spare', tier: 2 }, { provider: 'alpha' }, { provider: 'beta' }]
  const stage = openStage({ models: [sampleModel(targets)] })
  const caller = await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta', 'spare'), [1, 0, 0])
  stage.arrival('alpha').answer(500, refusal('It broke.'))
  await stage.settle()
  assert.deepEqual(asked(stage, 'alpha', 'beta', 'spare'), [1, 1, 0])
  stage.arrival('beta').fail(reset)
  await stage.settle()
  stage.arrival('spare').answer(200, completion('from the spare'))
  await stage.settle()
  assert.deepEqual(caller.json(), completion('from the spare'))
  assert.equal(caller.header('x-drover-provider'), 'spare')
  assert.equal(caller.header('x-drover-model'), 'spare-1')
  assert.equal(caller.header('x-drover-attempts'), '3')
  const { attempts, provider, upstreamModel, end, error } = caller.record()
  assert.deepEqual(
    { provider, upstreamModel, end, error },
    {
      provider: 'spare',
      upstreamModel: 'spare-1',
      end: 'complete',
      error: null,
    },
  )
  assert.deepEqual(
    attempts.map(({ provider, status, error }) => [provider, status, error]),
    [
      ['alpha', 500, 'upstream_error'],
      ['beta', null, 'upstream_error'],
      ['spare', 200, null],
    ],
  )
  assert.equal(stage.timers(), 0)
})

test('each target gets its own model, its own credential, and nothing of the caller', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta', model: 'other' }])] })
  await stage.call({ headers: { cookie: 'a=b', 'openai-organization': 'org-1', 'x-session-id': 's' } })
  stage.arrival('alpha').fail(reset)
  await stage.settle()
  const { request } = stage.arrival('beta')
  assert.equal(request.url, 'https://beta.example/v1/chat/completions')
  assert.equal(request.headers['authorization'], 'Bearer credential-of-beta')
  assert.equal(stage.arrival('beta').body()['model'], 'other')
  assert.deepEqual(Object.keys(request.headers).sort(), [
    'authorization',
    'content-type',
    'user-agent',
    'x-drover-hops',
  ])
})

test('when every target has failed in one way, that is what the caller is told, with the soonest time to come back', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }])] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(429, refusal('Too much.'), { 'retry-after': '7' })
  await stage.settle()
  stage.arrival('beta').answer(503, refusal('Come back later.'), { 'retry-after': '9' })
  await stage.settle()
  assert.equal(caller.status(), 503)
  assert.equal(codeOf(caller.json()), 'upstream_overloaded')
  assert.equal(caller.header('retry-after'), '7')
  assert.match(
    caller.text(),
    /Tried 2 times: alpha\/alpha-1: upstream_overloaded: 429, again in 7 s; beta\/beta-1: upstream_overloaded: 503, again in 9 s/,
  )
})

test('when targets have failed in different ways, no provider is available: what each said, and the soonest time to come back', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }])] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(429, refusal('Too much.'), { 'retry-after': '9' })
  await stage.settle()
  stage.arrival('beta').answer(500, refusal('It broke.'))
  await stage.settle()
  assert.equal(caller.status(), 503)
  assert.equal(codeOf(caller.json()), 'no_available_provider')
  assert.equal(caller.header('retry-after'), '9')
  const { end, error, costNanoUsd, usage } = caller.record()
  assert.deepEqual([end, error, costNanoUsd, usage], ['refused', 'no_available_provider', 0n, null])
  assert.deepEqual(stage.settled, [])
})

test("the caller's own fault is the same everywhere: it passes as the provider said it", async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], retries(2))] })
  const caller = await stage.call()
  const said = { error: { message: 'No such tool.', type: 'invalid_request_error', param: 'tools', code: 'bad_tool' } }
  stage.arrival('alpha').answer(400, said)
  await stage.settle()
  assert.equal(caller.status(), 400)
  assert.deepEqual(caller.json(), said)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 0])
  assert.equal(caller.record().attempts.length, 1)
})

test('the same target is asked again after a wait that is drawn, and doubles', async () => {
  const stage = openStage({ models: [sampleModel([{}], retries(3))], chance: () => 0.5 })
  const caller = await stage.call()
  for (const [index, waitMs] of [100, 200, 400].entries()) {
    stage.arrival('alpha', index).answer(500, refusal('It broke.'))
    await stage.settle()
    await stage.advance(waitMs - 1)
    assert.equal(stage.arrivals('alpha'), index + 1)
    await stage.advance(1)
    assert.equal(stage.arrivals('alpha'), index + 2)
  }
  stage.arrival('alpha', 3).answer(200, completion('at last'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.deepEqual(
    caller.record().attempts.map(({ startMs }) => startMs),
    [0, 100, 300, 700],
  )
  assert.equal(stage.timers(), 0)
})

test('a wait of up to 2 s that the upstream asks for is honoured', async () => {
  const stage = openStage({ models: [sampleModel([{}], retries(1))] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(429, refusal('Slow down.'), { 'retry-after': '2' })
  await stage.settle()
  await stage.advance(1_999)
  assert.equal(stage.arrivals('alpha'), 1)
  await stage.advance(1)
  stage.arrival('alpha', 1).answer(200, completion('done'))
  await stage.settle()
  assert.equal(caller.status(), 200)
})

test('a longer wait is not: another target is asked at once, or the caller is told to wait', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], retries(2))] })
  const served = await stage.call()
  stage.arrival('alpha').answer(429, refusal('Slow down.'), { 'retry-after': '3' })
  await stage.settle()
  stage.arrival('beta').answer(200, completion('here'))
  await stage.settle()
  assert.equal(served.status(), 200)
  const alone = openStage({ models: [sampleModel([{}], retries(2))] })
  const told = await alone.call()
  alone.arrival('alpha').answer(429, refusal('Slow down.'), { 'retry-after': '3' })
  await alone.settle()
  assert.deepEqual([told.status(), told.header('retry-after')], [503, '3'])
  assert.equal(told.record().attempts.length, 1)
})

for (const status of [302, 401, 402, 403, 409, 418])
  test(`what a target says for good (${status}) is not asked again, another target is`, async () => {
    const targets = [{}, { provider: 'beta' }]
    const stage = openStage({ models: [sampleModel(targets, retries(4))] })
    const caller = await stage.call()
    stage.arrival('alpha').answer(status, refusal('The key sk-secretsecret is not good.'))
    await stage.settle()
    assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
    stage.arrival('beta').answer(status, refusal('Neither is this.'))
    await stage.settle()
    await stage.advance(10_000)
    assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
    assert.equal(caller.status(), 502)
    assert.equal(codeOf(caller.json()), 'upstream_error')
    assert.doesNotMatch(caller.text(), /secretsecret/)
  })

test('a credential that is refused with a 400 is a refused credential too', async () => {
  const stage = openStage({ models: [sampleModel([{}], retries(2))] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(400, { error: { message: 'Invalid API key.', code: 'invalid_api_key' } })
  await stage.settle()
  await stage.advance(10_000)
  assert.equal(stage.arrivals('alpha'), 1)
  assert.equal(caller.status(), 502)
})

test('a certificate that is not good stays so; a limit passes', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], retries(4))] })
  await stage.call()
  stage.arrival('alpha').fail(faultProblem('tls', new Error('CERT_HAS_EXPIRED')))
  await stage.settle()
  stage.arrival('beta').answer(429, refusal('Slow down.'))
  await stage.settle()
  await stage.advance(10_000)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 2])
})

test('a target whose deadline passed is not asked again, another one is', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], retries(4))] })
  const caller = await stage.call()
  stage.arrival('alpha').fail(deadlineProblem('headers', 60_000))
  await stage.settle()
  stage.arrival('beta').fail(deadlineProblem('headers', 60_000))
  await stage.settle()
  await stage.advance(10_000)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
  assert.equal(caller.status(), 504)
  assert.equal(codeOf(caller.json()), 'upstream_timeout')
  assert.match(caller.text(), /alpha-1: upstream_timeout: headers; beta\/beta-1: upstream_timeout: headers/)
})

test('a connection that did not come to stand in time is worth another try', async () => {
  const stage = openStage({ models: [sampleModel([{}], retries(1))] })
  const caller = await stage.call()
  stage.arrival('alpha').fail(deadlineProblem('connect', 5_000))
  await stage.settle()
  await stage.advance(100)
  stage.arrival('alpha', 1).answer(200, completion('connected'))
  await stage.settle()
  assert.equal(caller.status(), 200)
})

test('after the first part nobody else is asked', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], retries(2))] })
  const caller = await stage.call({ body: { stream: true } })
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(says('One'))
  await stage.settle()
  alpha.fail(reset)
  await stage.settle()
  await stage.advance(10_000)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 0])
  assert.equal(caller.ending(), 'cut')
})

test('a whole answer that breaks off was never begun for the caller: it is asked for again', async () => {
  const stage = openStage({ models: [sampleModel([{}], retries(1))] })
  const caller = await stage.call()
  const first = stage.arrival('alpha')
  first.head(200, { 'content-type': 'application/json' })
  first.write('{"id":"chatcmpl-1","choices":[')
  first.end()
  await stage.settle()
  await stage.advance(100)
  stage.arrival('alpha', 1).answer(200, completion('whole'))
  await stage.settle()
  assert.deepEqual(caller.json(), completion('whole'))
  assert.equal(caller.record().attempts[0]?.error, 'upstream_error')
})

test('an error document under 200 is a failure like any other', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }])] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(200, { error: { message: 'Overloaded.', type: 'overloaded_error' } })
  await stage.settle()
  stage.arrival('beta').answer(200, completion('fine'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.deepEqual(
    caller.record().attempts.map(({ error }) => error),
    ['upstream_overloaded', null],
  )
})

test('the total deadline ends the route; a silent target is left at half of it, so that another can answer', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], within(30_000))] })
  const caller = await stage.call()
  await stage.advance(14_999)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 0])
  await stage.advance(1)
  assert.ok(stage.arrival('alpha').left())
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
  await stage.advance(14_999)
  assert.equal(caller.status(), 0)
  await stage.advance(1)
  assert.ok(stage.arrival('beta').left())
  assert.equal(caller.status(), 504)
  assert.match(caller.text(), /alpha-1: upstream_timeout: share; beta\/beta-1: upstream_timeout: total/)
  assert.equal(caller.record().attempts.length, 2)
  assert.equal(stage.timers(), 0)
})

test('a target of a model that usually takes long is not left early: it would only be paid twice', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], within(30_000))] })
  const first = await stage.call()
  await stage.advance(10_000)
  stage.arrival('alpha').answer(200, completion('slowly'))
  await stage.settle()
  assert.equal(first.status(), 200)
  const second = await stage.call()
  // Three times what is usual, and no more than four fifths of the time.
  await stage.advance(23_999)
  assert.equal(stage.arrivals('beta'), 0)
  stage.arrival('alpha', 1).answer(200, completion('more slowly'))
  await stage.settle()
  assert.equal(second.status(), 200)
  const third = await stage.call()
  await stage.advance(29_999)
  assert.equal(stage.arrivals('beta'), 0)
  await stage.advance(1)
  assert.equal(third.status(), 504)
})

test('a wait that would outlast the total deadline is not begun', async () => {
  const stage = openStage({ models: [sampleModel([{}], within(1_000))] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(429, refusal('Slow down.'), { 'retry-after': '1' })
  await stage.settle()
  assert.equal(caller.status(), 503)
  assert.equal(stage.timers(), 0)
})

test('a quick target that falls silent is left at its share, however slow the other one is', async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }], within(30_000))] })
  await stage.call()
  await stage.advance(100)
  stage.arrival('alpha').answer(200, completion('quick'))
  await stage.settle()
  await stage.call()
  stage.arrival('alpha', 1).fail(reset)
  await stage.settle()
  await stage.advance(20_000)
  stage.arrival('beta').answer(200, completion('slow'))
  await stage.settle()
  await stage.call()
  await stage.advance(14_999)
  assert.equal(stage.arrivals('beta'), 1)
  await stage.advance(1)
  assert.equal(stage.arrivals('beta'), 2)
})

test("the client's own deadline ends the route a little before it, and half of it is for another target", async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }])] })
  const headers = { 'x-stainless-timeout': '30' }
  const caller = await stage.call({ headers })
  await stage.advance(14_875)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
  stage.arrival('beta').answer(200, completion('in time'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  const alone = openStage()
  const told = await alone.call({ headers })
  await alone.advance(29_749)
  assert.equal(told.status(), 0)
  await alone.advance(1)
  assert.equal(told.status(), 504)
})

test("a stream's first part must come within the client's deadline; what flows is not cut by it", async () => {
  const stage = openStage()
  const headers = { 'x-stainless-timeout': '10' }
  const silent = await stage.call({ headers, body: { stream: true } })
  await stage.advance(9_750)
  assert.equal(silent.status(), 504)
  const flowing = await stage.call({ headers, body: { stream: true } })
  const alpha = stage.arrival('alpha', 1)
  alpha.head()
  alpha.write(says('One'))
  await stage.advance(20_000)
  alpha.write(stops, done)
  alpha.end()
  await stage.settle()
  assert.equal(flowing.ending(), 'complete')
})

test("a client's patience with silence decides when a target is left, and ends nothing", async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }])] })
  const caller = await stage.call({ headers: { 'x-stainless-read-timeout': '30' } })
  await stage.advance(14_875)
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [1, 1])
  await stage.advance(20_000)
  assert.equal(caller.status(), 0)
})

test("the caller's further models follow, and the one that answered is the one that is paid", async () => {
  const models = [
    sampleModel(),
    sampleModel([{ provider: 'beta' }], { id: 'n', price: 'free' }),
    sampleModel([{ provider: 'gamma' }], { id: 'o' }),
  ]
  const stage = openStage({ models })
  const caller = await stage.call({ body: { models: ['unheard-of', 'n', 'o'] } })
  assert.deepEqual(Object.keys(stage.arrival('alpha').body()), ['model', 'messages'])
  stage.arrival('alpha').fail(reset)
  await stage.settle()
  stage.arrival('beta').answer(200, completion('hello'))
  await stage.settle()
  assert.match(caller.header('x-drover-warnings') ?? '', /models:unheard-of model_not_found/)
  const { model, provider, costNanoUsd } = caller.record()
  assert.deepEqual([model, provider, costNanoUsd], ['m', 'beta', 0n])
  assert.equal(stage.arrivals('gamma'), 0)
})

test('a provider without a credential is passed over', async () => {
  const stage = openStage({
    models: [sampleModel([{}, { provider: 'beta' }])],
    providers: { alpha: { credentials: [] } },
  })
  const caller = await stage.call()
  assert.deepEqual(asked(stage, 'alpha', 'beta'), [0, 1])
  stage.arrival('beta').answer(200, completion('from beta'))
  await stage.settle()
  assert.equal(caller.record().provider, 'beta')
  assert.equal(stage.timers(), 0)
  const alone = openStage({ providers: { alpha: { credentials: [] } } })
  const told = await alone.call()
  assert.equal(told.status(), 502)
  assert.match(told.text(), /has no credential configured/)
  assert.equal(alone.timers(), 0)
})
