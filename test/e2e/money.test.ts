import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { neverAnswer, stallAfter, stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { Exchange } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { assertProblem, call, openCall } from './call.ts'
import {
  admin,
  balanceOf,
  decimal,
  holdOf,
  models,
  openAccount,
  outputNano,
  provenOk,
  settled,
  sizeOf,
  sold,
} from './customer.ts'
import { eventually, fakeKey, startRelay } from './harness.ts'

describe('money of calls', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: models })
  })
  after(() => bench.close())

  test('a prepaid call holds its bound while it runs, and settles for what it used', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    const body = sold()
    const release = Promise.withResolvers<void>()
    bench.upstream.answerOnce(async (exchange: Exchange) => {
      await release.promise
      await whole(completion({ promptTokens: 7, completionTokens: 3 }))(exchange)
    })
    const pending = call(bench.relay.url, { key: account.key, body })
    await eventually('the hold', async () => {
      const { balance, held } = await balanceOf(bench, account.id)
      if (held === 0n) return undefined
      assert.deepEqual({ balance, held }, { balance: 1_000_000_000n, held: holdOf(body, 100n) })
      return true
    })
    release.resolve()
    const answer = await pending
    assert.equal(answer.headers['x-drover-cost'], '0.000013')
    assert.equal(await settled(bench, account.id), 1_000_000_000n - 13_000n)
    assert.equal((await bench.relay.recordOf(answer))['cost_nano_usd'], '13000')
    await provenOk(bench)
  })

  test('without credit for the least answer: 402 with balance and need, and nothing goes upstream', async () => {
    const body = sold({ max_tokens: 1000 })
    const account = await openAccount(bench, holdOf(body, 256n) - 1n)
    bench.upstream.forget()
    const answer = await call(bench.relay.url, { key: account.key, body })
    assertProblem(answer, 402, 'credit_exhausted')
    assert.equal(answer.headers['x-should-retry'], 'false')
    assert.match(String(answer.at('error.message')), /at least 256 tokens of output\. The balance is 0\.000\d+ USD/)
    assert.equal(bench.upstream.seen.length, 0)
    assert.deepEqual(await balanceOf(bench, account.id), { balance: holdOf(body, 256n) - 1n, held: 0n })
  })

  test('credit for a shorter answer lowers the maximum, in the field that the caller used, with a warning', async () => {
    for (const field of ['max_tokens', 'max_completion_tokens']) {
      const body = chat('hi', { model: 'sold', [field]: 5000 })
      const account = await openAccount(bench, holdOf(body, 300n))
      bench.upstream.forget()
      bench.upstream.answerOnce(whole(completion({ promptTokens: Number(sizeOf(body)), completionTokens: 300 })))
      const answer = await call(bench.relay.url, { key: account.key, body })
      assert.equal(answer.status, 200, answer.text)
      const sent = JSON.parse(bench.upstream.seen[0]?.body.toString() ?? '{}') as Record<string, unknown>
      assert.equal(sent[field], 300)
      assert.match(answer.headers['x-drover-warnings'] ?? '', new RegExp(`${field}:lowered to 300`))
      assert.equal(await settled(bench, account.id), 0n)
    }
    await provenOk(bench)
  })

  test('a call without a maximum of its own gets one where the credit is short', async () => {
    const body = chat('hi', { model: 'sold' })
    const account = await openAccount(bench, holdOf(body, 400n))
    bench.upstream.forget()
    bench.upstream.answerOnce(whole(completion()))
    assert.equal((await call(bench.relay.url, { key: account.key, body })).status, 200)
    const sent = JSON.parse(bench.upstream.seen[0]?.body.toString() ?? '{}') as Record<string, unknown>
    assert.equal(sent['max_tokens'], 400)
  })

  test('what is to pass byte for byte is refused where the credit covers less, and not shortened', async () => {
    const body = sold({ max_tokens: 5000 })
    const account = await openAccount(bench, holdOf(body, 300n))
    bench.upstream.forget()
    const answer = await call(bench.relay.url, { key: account.key, body, headers: { 'x-drover-exact': 'true' } })
    assertProblem(answer, 402, 'credit_exhausted')
    assert.equal(bench.upstream.seen.length, 0)
  })

  test('a budget refuses with 429, which one and when it resets', async () => {
    const body = sold()
    const spend = holdOf(body, 100n)
    const account = await openAccount(bench, 0n, { budget: decimal(spend), budget_period: 'day', billing: 'unlimited' })
    bench.upstream.answerOnce(whole(completion({ promptTokens: Number(sizeOf(body)), completionTokens: 100 })))
    const first = await call(bench.relay.url, { key: account.key, body })
    assert.equal(first.status, 200, first.text)
    await bench.relay.recordOf(first)
    const answer = await call(bench.relay.url, { key: account.key, body })
    assertProblem(answer, 429, 'budget_exceeded')
    assert.match(String(answer.at('error.message')), /per day, .* resets at \d{4}-\d\d-\d\dT00:00:00\.000Z/)
    assert.equal(answer.headers['x-should-retry'], 'false')
    const waitSeconds = Number(answer.headers['retry-after'])
    assert.ok(waitSeconds >= 0 && waitSeconds <= 86_400, `retry-after: ${answer.headers['retry-after']}`)
    await provenOk(bench)
  })

  test('a budget that is lowered under a stream lets it end as it was promised, and no call begins after that', async () => {
    const body = sold({ stream: true })
    const account = await openAccount(bench, 1_000_000_000n)
    const limit = (nano: bigint) =>
      admin(bench, '/budgets', { account: account.id, usd: decimal(nano), period: 'total' })
    await limit(2n * holdOf(body, 100n))
    const release = Promise.withResolvers<void>()
    bench.upstream.forget()
    bench.upstream.answerOnce(
      stream(completionEvents(['one ', 'two ', 'three'], { usage: true }), {
        before: (index) => (index === 2 ? release.promise : Promise.resolve()),
      }),
    )
    const reading = call(bench.relay.url, { key: account.key, body })
    await eventually('the hold', async () => ((await balanceOf(bench, account.id)).held > 0n ? true : undefined))
    await limit(1n)
    assertProblem(await call(bench.relay.url, { key: account.key, body }), 429, 'budget_exceeded')
    release.resolve()
    const answer = await reading
    assert.equal(answer.status, 200)
    assert.ok(answer.text.includes('three') && answer.text.endsWith('data: [DONE]\n\n'), answer.text)
    const spent = 1_000_000_000n - (await settled(bench, account.id))
    assert.ok(spent > 1n && spent <= holdOf(body, 100n), `${spent} were charged`)
    assertProblem(await call(bench.relay.url, { key: account.key, body }), 429, 'budget_exceeded')
    assert.equal(bench.upstream.seen.length, 1)
    await provenOk(bench)
  })

  test('50 parallel calls with money for exactly 10: 10 pass, and the balance is exactly 0', async () => {
    const body = sold()
    const account = await openAccount(bench, 10n * holdOf(body, 100n))
    const release = Promise.withResolvers<void>()
    const answerWhenAllAsked = async (exchange: Exchange): Promise<void> => {
      await release.promise
      await whole(completion({ promptTokens: Number(sizeOf(body)), completionTokens: 100 }))(exchange)
    }
    bench.upstream.answer(answerWhenAllAsked)
    let refused = 0
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const answer = await call(bench.relay.url, { key: account.key, body })
        if (answer.status === 402) refused += 1
        if (refused === 40) release.resolve()
        return answer.status
      }),
    )
    assert.equal(answers.filter((status) => status === 200).length, 10)
    assert.equal(answers.filter((status) => status === 402).length, 40)
    assert.equal(await settled(bench, account.id), 0n)
    bench.upstream.answer(whole(completion()))
    await provenOk(bench)
  })

  test('usage above the hold is a shortfall: the balance goes below zero once, the next call is refused', async () => {
    const body = sold()
    const account = await openAccount(bench, holdOf(body, 100n))
    bench.upstream.answerOnce(whole(completion({ promptTokens: Number(sizeOf(body)), completionTokens: 150 })))
    await call(bench.relay.url, { key: account.key, body })
    assert.equal(await settled(bench, account.id), -50n * outputNano)
    const refused = await call(bench.relay.url, { key: account.key, body })
    assertProblem(refused, 402, 'credit_exhausted')
    assert.match(String(refused.at('error.message')), /can cost 0\.\d+ USD\. The/, 'all of it, not a part of it')
    await provenOk(bench)
  })

  test('a caller who leaves before the first part pays nothing, in the middle what was delivered', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    bench.upstream.forget()
    bench.upstream.answerOnce(neverAnswer)
    const leaving = new AbortController()
    const pending = openCall(bench.relay.url, { key: account.key, body: sold(), signal: leaving.signal })
    await bench.upstream.arrival(0)
    leaving.abort()
    await assert.rejects(pending)
    assert.equal(await settled(bench, account.id), 1_000_000_000n)

    bench.upstream.answerOnce(stallAfter(completionEvents(['one ', 'two ']).slice(0, 3)))
    const open = await openCall(bench.relay.url, { key: account.key, body: sold({ stream: true }) })
    await open.until('two ')
    open.leave()
    const record = await bench.relay.recordOf(open)
    const charged = BigInt(String(record['cost_nano_usd']))
    assert.ok(charged > 0n && charged < holdOf(sold({ stream: true }), 100n), `${charged}`)
    assert.equal(await settled(bench, account.id), 1_000_000_000n - charged)
    await provenOk(bench)
  })

  test('a streamed call settles for the usage of its last event', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    bench.upstream.answerOnce(stream(completionEvents(['a ', 'b ', 'c '], { usage: true })))
    const open = await openCall(bench.relay.url, { key: account.key, body: sold({ stream: true }) })
    await open.rest()
    assert.equal(await settled(bench, account.id), 1_000_000_000n - 13_000n)
  })

  test('a refusal of the upstream costs nothing', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    bench.upstream.answerOnce(
      whole({ error: { message: 'no such parameter', type: 'invalid_request_error' } }, { status: 400 }),
    )
    assert.equal((await call(bench.relay.url, { key: account.key, body: sold() })).status, 400)
    assert.equal(await settled(bench, account.id), 1_000_000_000n)
    await provenOk(bench)
  })

  test('a model without a price is refused to accounts that pay, and metered as unpriced for the others', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    const answer = await call(bench.relay.url, { key: account.key, body: chat('hi') })
    assertProblem(answer, 400, 'price_unknown')
    bench.upstream.answerOnce(whole(completion()))
    const metered = await call(bench.relay.url, { key: bench.key, body: chat('hi') })
    assert.equal((await bench.relay.recordOf(metered))['cost_nano_usd'], null)
  })

  test('a metered account is charged on its books without a hold', async () => {
    const account = await openAccount(bench, 0n, { billing: 'unlimited' })
    bench.upstream.answerOnce(whole(completion({ promptTokens: 7, completionTokens: 3 })))
    await bench.relay.recordOf(await call(bench.relay.url, { key: account.key, body: sold() }))
    const { balance } = await eventually('the charge', async () => {
      const money = await balanceOf(bench, account.id)
      assert.equal(money.held, 0n)
      return money.balance === 0n ? undefined : money
    })
    assert.equal(balance, -13_000n)
    await provenOk(bench)
  })

  test('a key asks for its credit, its budget and the cost of a call', async () => {
    const account = await openAccount(bench, 1_000_000_000n, { budget: '0.5', budget_period: 'month' })
    bench.upstream.answerOnce(whole(completion({ promptTokens: 7, completionTokens: 3 })))
    const answer = await call(bench.relay.url, { key: account.key, body: sold() })
    await bench.relay.recordOf(answer)
    await settled(bench, account.id)
    const ask = (path: string, key = account.key) => call(bench.relay.url, { path, key })
    const credits = await ask('/v1/credits')
    assert.match(credits.text, /"total_credits":1,"total_usage":0\.000013,/)
    assert.equal(credits.at('data.balance_nano_usd'), '999987000')
    assert.equal((await ask('/v1/users/me/balance')).at('data.available_balance_nano_usd'), '999987000')
    const key = await ask('/v1/key')
    assert.equal(key.at('data.usage_nano_usd'), '13000')
    assert.equal(key.at('data.limit_remaining_nano_usd'), '499987000')
    assert.equal(key.at('data.limit'), 0.5, 'a number, as on OpenRouter')
    assert.equal(key.at('data.limit_nano_usd'), '500000000')
    const plain = await openAccount(bench, 1_000_000_000n)
    bench.upstream.answerOnce(whole(completion({ promptTokens: 7, completionTokens: 3 })))
    await call(bench.relay.url, { key: plain.key, body: sold() })
    const used = async () => (await ask('/v1/key', plain.key)).at('data.usage_nano_usd')
    await eventually('the use of a key without a budget', async () => ((await used()) === '13000' ? true : undefined))
    const path = `/v1/generation?id=${answer.headers['x-request-id']}`
    const generation = await ask(path)
    assert.equal(generation.at('data.total_cost_nano_usd'), '13000')
    assert.equal(generation.at('data.rule'), "the provider's own count")
    assertProblem(await ask(path, bench.key), 404, 'not_found')
  })

  test('a key that asks for it gets `usage.cost` in every answer, and in streams the usage event with it', async () => {
    const account = await openAccount(bench, 1_000_000_000n, { usage_cost: true })
    const ask = (body: object) => call(bench.relay.url, { key: account.key, body })
    bench.upstream.answerOnce(whole(completion({ promptTokens: 7, completionTokens: 3 })))
    const answer = await ask(sold())
    assert.equal(answer.at('usage.cost_nano_usd'), '13000')
    assert.match(answer.text, /"cost":0\.000013[,}]/)
    const events = completionEvents(['a ', 'b ', 'c '], { usage: true })
    bench.upstream.answerOnce(stream(events), stream(events))
    assert.match((await ask(sold({ stream: true }))).text, /"cost":0\.000013,"cost_nano_usd":"13000"/)
    const plain = await openAccount(bench, 1_000_000_000n)
    const unasked = await call(bench.relay.url, { key: plain.key, body: sold({ stream: true }) })
    assert.doesNotMatch(unasked.text, /usage/)
  })

  test('a suspended account begins no call', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    await admin(bench, `/accounts/${account.id}/suspend`, {})
    assertProblem(await call(bench.relay.url, { key: account.key, body: sold() }), 403, 'permission_denied')
    await admin(bench, `/accounts/${account.id}/resume`, {})
    bench.upstream.answerOnce(whole(completion()))
    assert.equal((await call(bench.relay.url, { key: account.key, body: sold() })).status, 200)
  })
})

test('kill -9 under load: the next start resolves every call, and the books are proven', async () => {
  const bench = await startBench({ config: models })
  try {
    const account = await openAccount(bench, 1_000_000_000n)
    let answered = 0
    bench.upstream.answer(async (exchange) => {
      await whole(completion({ promptTokens: 7, completionTokens: 3 }))(exchange)
    })
    const die = Promise.withResolvers<void>()
    const callers = Array.from({ length: 20 }, async () => {
      for (;;) {
        const status = await call(bench.relay.url, { key: account.key, body: sold() }).then(
          (answer) => answer.status,
          () => null,
        )
        if (status === null) return
        answered += 1
        if (answered === 100) die.resolve()
      }
    })
    await die.promise
    await bench.relay.kill()
    await Promise.all(callers)
    await using second = await startRelay({ folder: bench.relay.folder, env: { FAKE_KEY: fakeKey } })
    const after = { ...bench, relay: second }
    const verdict = await provenOk(after)
    assert.equal(verdict.open_holds, 0)
    const { balance, held } = await balanceOf(after, account.id)
    assert.equal(held, 0n)
    const spent = 1_000_000_000n - balance
    assert.equal(spent % 13_000n, 0n, 'only whole calls are charged')
    // Those under way when it died may be unsettled: at most one for each caller.
    const charged = Number(spent / 13_000n)
    assert.ok(
      charged >= answered - 20 && charged <= verdict.calls,
      `${charged} of ${answered} charged, ${verdict.calls} calls`,
    )
    const told = await second.command('ledger', 'verify')
    assert.deepEqual(Object.keys(told as object), ['ok', 'transactions', 'calls', 'open_holds', 'problems'])
  } finally {
    await bench.close()
  }
})
