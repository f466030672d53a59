import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { firstStart } from './first-start.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import type { KeyRow } from './rows.ts'
import { runOperation } from './run.ts'
import { testCall } from './test-call.ts'
import { testContext } from './test-store.ts'

type Output = Readonly<Record<string, unknown>>

const find = (name: string): Operation => {
  const found = operations.find((one) => `${one.noun} ${one.verb}` === name)
  assert.ok(found !== undefined, `no operation ${name}`)
  return found
}

const open = async () => {
  const parts = testContext()
  await firstStart({ ports: parts.ports, clock: parts.clock, ids: parts.ids, given: { admin: null, test: null } })
  parts.told.length = 0
  const run = async (name: string, input: object = {}): Promise<Output> =>
    (await runOperation(find(name), input, parts.context)) as Output
  const refused = (name: string, input: object, [code, message]: readonly [string, RegExp]): Promise<void> =>
    assert.rejects(run(name, input), (thrown) => {
      assert.ok(thrown instanceof Problem, String(thrown))
      assert.equal(thrown.code, code)
      assert.match(thrown.message, message)
      return true
    })
  const keyRow = async (id: unknown): Promise<KeyRow> => {
    const row = await parts.store.key(String(id))
    assert.ok(row !== null)
    return row
  }
  const lastTrail = async () => (await parts.store.trail({ limit: 1000, after: null })).at(-1)
  return { ...parts, run, refused, keyRow, lastTrail }
}

describe('keys', () => {
  test('create gives the key once, keeps its digest, tells the relay and writes the trail', async () => {
    const { run, keyRow, told, lastTrail, ports, store } = await open()
    const made = await run('keys create', { name: 'x' })
    assert.match(String(made['key']), /^hs-live-/)
    const row = await keyRow(made['id'])
    assert.equal(row.digest, ports.digestKey(String(made['key'])))
    assert.equal(row.account, (await store.account('default'))?.id)
    assert.deepEqual(
      told.map(({ id }) => id),
      [row.id],
    )
    const trail = await lastTrail()
    assert.deepEqual(
      [trail?.operation, trail?.object, trail?.actor, trail?.requestId],
      ['keys.create', row.id, 'local', 'call_1'],
    )
    assert.ok(!JSON.stringify(trail).includes(String(made['key'])))
    assert.ok(!JSON.stringify(trail).includes(row.digest))
  })

  test('create keeps every right that was asked for', async () => {
    const { run, keyRow, clock } = await open()
    const made = await run('keys create', {
      name: 'ci',
      test: true,
      environment: 'staging',
      models: ['a', 'b/c'],
      rpm: 3,
      tpm: 1000,
      concurrency: 2,
      budget: '12.5',
      budget_period: 'day',
      expires: '30d',
      addresses: ['10.0.0.0/8'],
      usage_cost: true,
    })
    assert.match(String(made['key']), /^hs-test-/)
    assert.equal((made['warnings'] as unknown[]).length, 3)
    const row = await keyRow('ci')
    assert.equal(row.environment, 'staging')
    assert.deepEqual(row.models, ['a', 'b/c'])
    assert.deepEqual([row.requestsPerMinute, row.tokensPerMinute, row.concurrency], [3, 1000, 2])
    assert.deepEqual([row.budgetNanoUsd, row.budgetPeriod], [12_500_000_000n, 'day'])
    assert.equal(row.expiresMs, clock.nowMs() + 30 * 86_400_000)
    assert.equal(row.usageCost, true)
  })

  test('an admin key is another kind of key', async () => {
    const { run, keyRow } = await open()
    const made = await run('keys create', { name: 'ops', admin: true })
    assert.match(String(made['key']), /^drover-admin-/)
    assert.equal((await keyRow(made['id'])).purpose, 'admin')
  })

  test('create refuses what cannot be', async () => {
    const { refused } = await open()
    await refused('keys create', {}, ['invalid_request_error', /^'name' is missing/])
    await refused('keys create', { name: 'x', rmp: 3 }, [
      'invalid_request_error',
      /^'rmp' is no field here; did you mean 'rpm'\?/,
    ])
    await refused('payments reconcile', { date: '2026-02-30' }, [
      'invalid_request_error',
      /^'date' must be a day such as 2026-11-30/,
    ])
    await refused('keys create', { name: 'x', rpm: 0 }, ['invalid_request_error', /^'rpm'/])
    await refused('keys create', { name: 'x', budget: '1' }, ['invalid_request_error', /belongs together with budget/])
    await refused('keys create', { name: 'x', budget: 1, budget_period: 'day' }, ['invalid_request_error', /^'budget'/])
    await refused('keys create', { name: 'x', expires: '1 month' }, ['invalid_request_error', /must be a duration/])
    await refused('keys create', { name: 'x', expires: '2020-01-01T00:00:00Z' }, [
      'invalid_request_error',
      /in the past/,
    ])
    await refused('keys create', { name: 'x', account: 'nobody' }, ['not_found', /There is no account 'nobody'/])
    await refused('keys create', { name: 'x', admin: true, test: true }, ['invalid_request_error', /no sandbox/])
    await refused('keys create', { name: 'a\u001b[31m' }, ['invalid_request_error', /control characters/])
    await refused('keys create', { name: 'x', addresses: ['10.0.0.0/40'] }, ['invalid_request_error', /addresses\[0\]/])
  })

  test('list and show never hold a key or a digest', async () => {
    const { run, keyRow } = await open()
    const made = await run('keys create', { name: 'x' })
    const { digest } = await keyRow(made['id'])
    const text = JSON.stringify([await run('keys list'), await run('keys show', { id: 'x' })])
    assert.ok(text.includes(String(made['id'])))
    assert.ok(!text.includes(String(made['key'])))
    assert.ok(!text.includes(digest))
  })

  test('list goes on where a page ended', async () => {
    const { run } = await open()
    const first = await run('keys list', { limit: 1 })
    const second = await run('keys list', { limit: 1, after: first['next'] })
    const third = await run('keys list', { limit: 1, after: second['next'] })
    assert.deepEqual(
      [first, second, third].map(({ data }) => (data as { name: string }[]).map(({ name }) => name)),
      [['admin'], ['test'], []],
    )
    assert.equal(third['next'], null)
  })

  test('revoke ends a key at once, and a second time changes nothing', async () => {
    const { run, told, clock, lastTrail, refused } = await open()
    const made = await run('keys create', { name: 'x' })
    const revoked = await run('keys revoke', { id: 'x' })
    assert.equal(revoked['state'], 'revoked')
    assert.deepEqual(
      told.map(({ revokedMs }) => revokedMs),
      [null, clock.nowMs()],
    )
    const trail = await lastTrail()
    clock.forward(1000)
    assert.deepEqual(await run('keys revoke', { id: made['id'] }), revoked)
    assert.deepEqual(await lastTrail(), trail)
    await refused('keys revoke', { id: 'nobody' }, ['not_found', /There is no key 'nobody'/])
  })

  test('rotate makes a successor with the same rights and ends the old key after the overlap', async () => {
    const { run, keyRow, clock, told, refused } = await open()
    const old = await run('keys create', { name: 'x', rpm: 7, models: ['m'] })
    told.length = 0
    const made = await run('keys rotate', { id: 'x', overlap: '2h' })
    assert.notEqual(made['key'], old['key'])
    assert.equal(made['replaces'], old['id'])
    assert.equal((await keyRow(old['id'])).revokedMs, clock.nowMs() + 7_200_000)
    const row = await keyRow(made['id'])
    assert.deepEqual([row.requestsPerMinute, row.models, row.revokedMs], [7, ['m'], null])
    assert.deepEqual(
      told.map(({ id }) => id),
      [old['id'], made['id']],
    )
    assert.equal((await run('keys show', { id: old['id'] }))['state'], 'ending')
    clock.forward(7_200_000)
    await refused('keys rotate', { id: old['id'] }, ['conflict', /is revoked/])
  })

  test('a successor ends when the old key would have, or when it is said, and the old one is told to end no later than it does', async () => {
    const { run, clock, refused } = await open()
    const old = await run('keys create', { name: 'x', expires: '1h' })
    await refused('keys rotate', { id: 'x', expires: '2020-01-01T00:00:00Z' }, ['invalid_request_error', /in the past/])
    const same = await run('keys rotate', { id: 'x' })
    assert.deepEqual([same['expires'], same['replaced_until']], [old['expires'], old['expires']])
    const longer = await run('keys rotate', { id: same['id'], overlap: '10m', expires: '90d' })
    assert.equal(Date.parse(String(longer['expires'])), clock.nowMs() + 90 * 86_400_000)
    assert.equal(Date.parse(String(longer['replaced_until'])), clock.nowMs() + 600_000)
  })
})

describe('accounts', () => {
  test('an unlimited account comes with organisation, project and trail', async () => {
    const { run, store, lastTrail, refused } = await open()
    const made = await run('accounts create', { name: 'acme', billing: 'unlimited' })
    assert.deepEqual([made['name'], made['billing']], ['acme', 'unlimited'])
    assert.equal((await store.account('acme'))?.id, made['id'])
    assert.equal((await lastTrail())?.operation, 'accounts.create')
    await refused('accounts create', { name: 'acme', billing: 'unlimited' }, ['conflict', /already an account/])
    const key = await run('keys create', { name: 'x', account: 'acme' })
    assert.equal(key['account'], made['id'])
  })

  test('credit is granted by lots, and the balance says what is there', async () => {
    const { run, lastTrail, refused, clock } = await open()
    const { id } = await run('accounts create', { name: 'acme', billing: 'prepaid' })
    const granted = await run('credits grant', { account: 'acme', usd: '1.25', kind: 'promo', expires: '30d' })
    assert.deepEqual(
      [granted['balance_nano_usd'], granted['held_nano_usd'], granted['account']],
      ['1250000000', '0', id],
    )
    assert.equal((await lastTrail())?.operation, 'credits.grant')
    await run('credits grant', { account: id, usd: '0.000000001' })
    assert.equal((await run('credits balance', { account: 'acme' }))['balance_nano_usd'], '1250000001')
    clock.forward(31 * 86_400_000)
    assert.equal((await run('credits balance', { account: 'acme' }))['balance_nano_usd'], '1')
    await refused('credits grant', { account: 'acme', usd: '1e3' }, ['invalid_request_error', /must be a decimal/])
    await refused('credits grant', { account: 'nobody', usd: '1' }, ['not_found', /no account 'nobody'/])
    assert.deepEqual(await run('ledger verify', {}), {
      ok: true,
      transactions: 2,
      calls: 0,
      open_holds: 0,
      problems: [],
    })
  })

  test('a postpaid account has a limit, and an account can be suspended', async () => {
    const { run, refused } = await open()
    await run('accounts create', { name: 'acme', billing: 'postpaid', credit_limit: '5' })
    assert.equal((await run('credits balance', { account: 'acme' }))['credit_limit_nano_usd'], '5000000000')
    await run('accounts suspend', { account: 'acme' })
    assert.equal((await run('credits balance', { account: 'acme' }))['state'], 'suspended')
    await run('accounts resume', { account: 'acme' })
    await refused('accounts create', { name: 'a', billing: 'prepaid', credit_limit: '5' }, [
      'invalid_request_error',
      /belongs to a postpaid account/,
    ])
  })

  test('billing of another kind and plans are refused by name', async () => {
    const { refused } = await open()
    await refused('accounts create', { name: 'a', billing: 'free' }, [
      'invalid_request_error',
      /must be one of prepaid, postpaid, unlimited/,
    ])
    await refused('accounts create', { name: 'a', billing: 'unlimited', plan: 'pro' }, [
      'not_found',
      /There is no plan 'pro'/,
    ])
  })
})

describe('calls and models', () => {
  test('a line of the log has the names and forms that others rely on', async () => {
    const { run, store } = await open()
    store.addCalls([testCall('call_a', {}), testCall('call_b', { key: 'key_2', usage: null, costNanoUsd: null })])
    const { data } = await run('logs list', { limit: 10 })
    const [line, second] = data as Output[]
    assert.equal(line?.['time'], '2026-11-22T16:00:00.000Z')
    assert.equal(line?.['cost_nano_usd'], '9007199254740993')
    assert.deepEqual(line?.['usage'], {
      input: 10,
      output: 5,
      cached_input: null,
      cache_write: null,
      reasoning: null,
      source: 'reported',
    })
    const [attempt] = (line?.['attempts'] ?? []) as Output[]
    assert.equal(attempt?.['start_ms'], 1.234)
    for (const name of ['provider', 'model', 'status', 'error', 'start_ms', 'first_part_ms', 'end_ms', 'cost_nano_usd'])
      assert.ok(name in (attempt ?? {}), name)
    for (const name of [
      'id',
      'account',
      'key',
      'model',
      'provider',
      'status',
      'ttft_ms',
      'duration_ms',
      'overhead_ms',
      'end',
      'tags',
      'conversation',
      'call_site',
    ])
      assert.ok(name in (line ?? {}), name)
    assert.equal(second?.['usage'], null)
    assert.equal(second?.['cost_nano_usd'], null)
    assert.ok(!JSON.stringify(data).includes('the body'), 'a body is in the log')
  })

  test('the log is filtered, and followed from a call', async () => {
    const { run, store, refused } = await open()
    const [, key] = await store.keys({ limit: 10, after: null })
    store.addCalls([testCall('call_a', {}), testCall('call_b', { key: key?.id ?? null }), testCall('call_c', {})])
    const idsOf = async (input: object): Promise<unknown[]> =>
      ((await run('logs list', input))['data'] as Output[]).map((line) => line['id'])
    assert.deepEqual(await idsOf({ limit: 2 }), ['call_b', 'call_c'])
    assert.deepEqual(await idsOf({ after: 'call_a', limit: 1 }), ['call_b'])
    assert.deepEqual(await idsOf({ key: 'test' }), ['call_b'])
    await refused('logs list', { key: 'nobody' }, ['not_found', /no key 'nobody'/])
    await refused('logs list', { limit: 1001 }, ['invalid_request_error', /^'limit' must be 1000 or less\./])
  })

  test('one call is shown with the bodies that were kept', async () => {
    const { run, store, refused } = await open()
    store.addCalls([testCall('call_a', {})])
    assert.equal((await run('calls show', { id: 'call_a' }))['request_body'], 'the body')
    await refused('calls show', { id: 'call_z' }, ['not_found', /There is no call 'call_z'/])
  })

  test('models are found by id and alias, and a near miss is helped', async () => {
    const { run, refused } = await open()
    assert.equal(((await run('models list'))['data'] as Output[]).length, 1)
    assert.equal((await run('models show', { id: 'moonshotai/kimi-k2' }))['id'], 'kimi-k2')
    await refused('models show', { id: 'kimi-k3' }, ['not_found', /The nearest are kimi-k2/])
  })

  test('the trail shows what was done, as data', async () => {
    const { run } = await open()
    await run('keys create', { name: 'x' })
    const { data } = await run('trail list')
    const last = (data as Output[]).at(-1)
    assert.equal(last?.['operation'], 'keys.create')
    assert.equal((last?.['after'] as Output | undefined)?.['name'], 'x')
  })
})

test('an actor without the scope is refused', async () => {
  const { context } = testContext({ name: 'key:key_1', scopes: ['read'] })
  await assert.rejects(
    runOperation(find('keys create'), { name: 'x' }, context),
    /needs the scope 'secrets', and this credential has read/,
  )
})

test('every operation has a name, a path and fields of its own', () => {
  const names = operations.map(({ noun, verb }) => `${noun} ${verb}`)
  assert.equal(new Set(names).size, names.length)
  const paths = operations.map(({ method, path }) => `${method} ${path}`)
  assert.equal(new Set(paths).size, paths.length)
  for (const { path, flags, summary } of operations) {
    assert.match(path, /^\//)
    assert.match(summary, /\.$/)
    assert.ok(flags.every(({ describe: words }) => words.length > 0))
  }
})

describe('events', () => {
  test('are listed with their severity, and told again on demand', async () => {
    const { run, refused, store, lastTrail } = await open()
    const message = 'moonshot is down'
    const facts = { attempts: 3 }
    const event = { id: 'evt_1', name: 'provider_down', timeMs: 0, account: null, object: 'moonshot', message } as const
    store.addEvent({ ...event, figure: null, facts })
    const { data } = (await run('events list')) as { readonly data: readonly Output[] }
    assert.deepEqual(data, [
      {
        id: 'evt_1',
        time: '1970-01-01T00:00:00.000Z',
        name: 'provider_down',
        severity: 'critical',
        account: null,
        object: 'moonshot',
        message,
        said: null,
        figure: null,
        facts,
      },
    ])
    assert.equal((await run('deliveries replay', { event: 'evt_1', recipient: 'ops' }))['state'], 'pending')
    assert.equal((await lastTrail())?.operation, 'deliveries.replay')
    assert.equal(((await run('deliveries list'))['data'] as readonly Output[]).length, 1)
    await refused('deliveries replay', { event: 'evt_1', recipient: 'nobody' }, ['not_found', /no recipient 'nobody'/])
    await refused('deliveries replay', { event: 'evt_9', recipient: 'ops' }, ['not_found', /no event 'evt_9'/])
  })

  test('recipients are shown with what they are told of, and can be tried', async () => {
    const { run, refused } = await open()
    assert.deepEqual((await run('recipients list'))['data'], [
      { name: 'ops', way: 'mail', address: 'ops@example.com', events: ['overhead_p99'] },
    ])
    assert.deepEqual(await run('recipients test', { name: 'ops' }), { name: 'ops', ok: true, error: null })
    await refused('recipients test', { name: 'osp' }, ['not_found', /no recipient 'osp'/])
  })
})
