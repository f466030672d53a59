import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { failure, page, resetAtOnce, stallAfter, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call, dig, openCall } from './call.ts'
import type { MadeKey } from './harness.ts'
import { eventually, within } from './harness.ts'

describe('the life of a key', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
    bench.upstream.answer(whole(completion()))
  })
  after(() => bench.close())

  const use = (key: string, model = 'fake/any-model'): Promise<Answer> =>
    call(bench.relay.url, { key, body: chat('hi', { model }) })

  test('created, used, listed without its secret', async () => {
    const made = (await bench.relay.command('keys', 'create', '--name', 'x')) as MadeKey
    assert.match(made.key, /^hs-live-[\w-]{20,}$/)
    assert.equal((await use(made.key)).status, 200)
    const limited = (await bench.relay.command('keys', 'create', '--name', 'y', '--test', '--rpm', '7')) as MadeKey
    assert.equal((await use(limited.key, 'kimi-k2')).headers['x-ratelimit-limit-requests'], '7')
    const listed = JSON.stringify(await bench.relay.command('keys', 'list'))
    assert.ok(listed.includes(made.id))
    assert.ok(!listed.includes(made.key))
    const test = await bench.relay.createKey({ test: true })
    assert.match(test.key, /^hs-test-/)
  })

  test('revoked: no admission a second later, what is open goes on', async () => {
    const made = await bench.relay.createKey({ test: true })
    const body = chat('sandbox:delay=1500ms\nstill here', { model: 'kimi-k2', stream: true })
    const open = openCall(bench.relay.url, { key: made.key, body })
    await eventually('the open call', async () => {
      const metrics = await call(bench.relay.url, { path: '/metrics' })
      return metrics.status === 200 ? true : undefined
    })
    await bench.relay.command('keys', 'revoke', made.id)
    const refused = await eventually(
      'the refusal',
      async () => {
        const answer = await use(made.key, 'kimi-k2')
        return answer.status === 401 ? answer : undefined
      },
      1_000,
    )
    assertProblem(refused, 401, 'invalid_api_key')
    const rest = await within((await open).rest(), 10_000, () => 'the open stream does not end')
    assert.ok(rest.toString().endsWith('data: [DONE]\n\n'))
  })

  test('rotated: the new one works and has the same limits', async () => {
    const made = await bench.relay.createKey({ test: true, rpm: 77 })
    const rotated = (await bench.relay.command('keys', 'rotate', made.id)) as MadeKey
    assert.match(rotated.key, /^hs-test-/)
    assert.notEqual(rotated.key, made.key)
    const answer = await use(rotated.key, 'kimi-k2')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['x-ratelimit-limit-requests'], '77')
  })

  test('bound to models: others are refused, and the list shows these only', async () => {
    const made = await bench.relay.createKey({ test: true, models: ['kimi-k2', 'gpt-4.1'] })
    assert.equal((await use(made.key, 'kimi-k2')).status, 200)
    assertProblem(await use(made.key, 'deepseek-v3.2'), 400, 'model_not_found')
    const list = await call(bench.relay.url, { key: made.key, path: '/v1/models' })
    const ids = (list.at('data') as readonly { id: string }[]).map(({ id }) => id)
    assert.deepEqual(ids.toSorted(), ['gpt-4.1', 'kimi-k2'])
    assertProblem(
      await call(bench.relay.url, { key: made.key, path: '/v1/models/deepseek-v3.2' }),
      404,
      'model_not_found',
    )
  })

  test('/v1/key tells its owner about the key, and not the key', async () => {
    const made = await bench.relay.createKey({ test: true, rpm: 9 })
    const answer = await call(bench.relay.url, { key: made.key, path: '/v1/key' })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(typeof answer.at('data'), 'object')
    assert.ok(!answer.text.includes(made.key))
  })

  test('logs: one line a call, with the shape that is relied on', async () => {
    const made = await bench.relay.createKey()
    const answer = await call(bench.relay.url, {
      key: made.key,
      body: chat('hi'),
      headers: { 'x-drover-tags': 'team=search,stage=test', 'x-drover-call-site': 'src/search.ts:12' },
    })
    const record = await eventually('the record', async () => {
      const lines = (await bench.relay.print('logs', '--limit', '10')).trim().split('\n')
      const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      return records.find((one) => one['id'] === answer.headers['x-request-id'])
    })
    assert.match(String(record['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.equal(record['key'], made.id)
    assert.equal(record['status'], 200)
    assert.equal(record['provider'], 'fake')
    assert.equal(record['end'], 'complete')
    assert.equal(record['call_site'], 'src/search.ts:12')
    assert.deepEqual(record['tags'], { team: 'search', stage: 'test' })
    assert.deepEqual(
      { input: dig(record, 'usage.input'), output: dig(record, 'usage.output'), source: dig(record, 'usage.source') },
      { input: 7, output: 3, source: 'reported' },
    )
    for (const name of [
      'account',
      'model',
      'attempts',
      'cost_nano_usd',
      'ttft_ms',
      'duration_ms',
      'overhead_ms',
      'conversation',
    ]) {
      assert.ok(name in record, `${name} is there, be it null`)
    }
    assert.equal(dig(record, 'attempts.0.provider'), 'fake')
    assert.equal(dig(record, 'attempts.0.status'), 200)
    const times = ['start_ms', 'first_part_ms', 'end_ms'].map((name) => Number(dig(record, `attempts.0.${name}`)))
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
      'no attempt ends before its first part',
    )
    assert.ok(!JSON.stringify(record).includes('"hi"'), 'bodies are not kept')
  })
})

describe('limits of a key', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
  })
  after(() => bench.close())

  const use = (key: string, content = 'hi', more: object = {}): Promise<Answer> =>
    call(bench.relay.url, { key, body: chat(content, { model: 'kimi-k2', ...more }) })

  test('requests per minute: the fourth of three waits, and is told how long', async () => {
    const { key } = await bench.relay.createKey({ test: true, rpm: 3 })
    for (const remaining of ['2', '1', '0']) {
      const answer = await use(key)
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers['x-ratelimit-limit-requests'], '3')
      assert.equal(answer.headers['x-ratelimit-remaining-requests'], remaining)
      assert.match(answer.headers['x-ratelimit-reset-requests'] ?? '', /^(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$/)
    }
    const refused = await use(key)
    assertProblem(refused, 429, 'rate_limit_exceeded')
    assert.match(String(refused.at('error.message')), /Rate limit reached/)
    const retryAfter = Number(refused.headers['retry-after'])
    assert.ok(retryAfter >= 1 && retryAfter <= 20, `a third of a minute at most: ${retryAfter}`)
    assert.equal(refused.headers['x-ratelimit-remaining-requests'], '0')
    assert.notEqual(refused.headers['x-should-retry'], 'false')
    const unlimited = await bench.relay.createKey({ test: true })
    assert.equal((await use(unlimited.key)).headers['x-ratelimit-limit-requests'], undefined)
  })

  test('three at once: exactly three of twenty pass', async () => {
    const { key } = await bench.relay.createKey({ test: true, rpm: 3 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => use(key)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 3)
    assert.equal(answers.filter(({ status }) => status === 429).length, 17)
  })

  test('concurrency: the second of one is refused, and the place is given back', async () => {
    const { key } = await bench.relay.createKey({ concurrency: 1 })
    const live = (): Promise<Answer> => call(bench.relay.url, { key, body: chat('hi') })
    bench.upstream.answer(whole(completion()))
    bench.upstream.answerOnce(stallAfter(completionEvents(['one ', 'two']).slice(0, 3)))
    const open = await openCall(bench.relay.url, { key, body: chat('hi', { stream: true }) })
    await open.until('one ')
    const refused = await live()
    assertProblem(refused, 429, 'rate_limit_exceeded')
    assert.ok(refused.headers['retry-after'])
    open.leave()
    const isFree = async (): Promise<true | undefined> => ((await live()).status === 200 ? true : undefined)
    await eventually('the place of a caller who left', isFree)
    for (const ending of [failure(400, { message: 'no' }), resetAtOnce, page(200)]) {
      bench.upstream.answerOnce(ending, ending, ending)
      await live()
      bench.upstream.forget()
      assert.equal((await live()).status, 200, 'a place is given back before the answer ends')
    }
  })

  test('tokens per minute: a call larger than the bucket is a 400, one too many a 429', async () => {
    const { key } = await bench.relay.createKey({ test: true, tpm: 100 })
    const tooLarge = await use(key, 'x'.repeat(4_000), { max_tokens: 10 })
    assert.equal(tooLarge.status, 400, tooLarge.text)
    const small = await use(key, 'hi', { max_tokens: 60 })
    assert.equal(small.status, 200, small.text)
    assert.equal(small.headers['x-ratelimit-limit-tokens'], '100')
  })
})
