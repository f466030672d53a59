/** `apply` and `export` over a real store: the same file twice does nothing the second time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { Actor } from '#admin/operation.ts'
import { operations } from '#admin/operations.ts'
import { runOperation } from '#admin/run.ts'
import { systemIds } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { PlanFacts } from '#policy/plan.ts'
import { openDesk } from './test-desk.ts'

const file = `
plans:
  pro: { rpm: 200, concurrency: 50, upgrade_at_paid_usd: "100" }
accounts:
  acme:
    plan: pro
    projects: { search: { regions: [eu] } }
    members: { Ana@example.com: { role: owner } }
    budgets:
      - { usd: "500", period: month }
      - { usd: "20.00", period: day, project: search, model: "kimi-*", thresholds: [50, 100] }
      - { usd: "5", period: day, key: search-ci }
    credits:
      - { id: welcome, usd: "5.00", kind: promo, expires: 30d }
  globex: { billing: postpaid, credit_limit: "250" }
keys:
  search-ci: { account: acme, project: search, member: ana@example.com, models: [kimi-k2], rpm: 60, budget: "2.00", budget_period: day, expires: 90d }
  globex-test: { account: globex, test: true }
`

type Applied = {
  readonly applied: boolean
  readonly changes: readonly { readonly sign: string; readonly what: string }[]
  readonly unchanged: number
  readonly keys: readonly { readonly name: string; readonly key: string }[]
}

test('a file is shown, applied once, and then as it is; credit is granted once, and the trail has every change', async (context) => {
  const desk = await openDesk(context)
  const apply = async (text: string, more: object = {}) =>
    (await desk.run('apply run', { file: text, ...more })) as unknown as Applied
  const shown = await apply(file, { dry_run: true })
  assert.deepEqual([shown.applied, shown.keys.length, shown.unchanged], [false, 0, 0])
  assert.equal(await desk.store.account('globex'), null)
  const done = await apply(file)
  assert.deepEqual(
    done.changes.map(({ sign, what }) => `${sign} ${what}`),
    [
      '+ plan pro',
      '~ account acme',
      '+ project search of acme',
      '+ member Ana@example.com of acme',
      '+ credit welcome of acme',
      '+ account globex',
      '+ key search-ci',
      '+ key globex-test',
      '+ budget of acme per month',
      '+ budget of acme project search on kimi-* per day',
      '+ budget of acme key search-ci per day',
    ],
  )
  assert.deepEqual(
    done.keys.map(({ name, key }) => [name, key.slice(0, 8)]),
    [
      ['search-ci', 'hs-live-'],
      ['globex-test', 'hs-test-'],
    ],
  )
  const balance = async () => (await desk.run('credits balance', { account: 'acme' }))['balance_nano_usd']
  assert.equal(await balance(), '5000000000')
  desk.clock.advance(3_600_000)
  const again = await apply(file)
  assert.deepEqual([again.changes, again.keys, again.unchanged], [[], [], 11])
  assert.equal(await balance(), '5000000000')
  const raised = await apply(
    'plans: { pro: { rpm: 300 } }\naccounts: { globex: { credit_limit: "300", state: suspended } }',
  )
  assert.deepEqual(
    raised.changes.map(({ what }) => what),
    ['plan pro', 'account globex', 'account globex'],
  )
  const { data: rows } = await desk.run('plans list')
  const [pro] = rows as readonly { readonly rpm: number; readonly concurrency: number }[]
  assert.deepEqual([pro?.rpm, pro?.concurrency], [300, 50])
})

const spelled = `
plans:
  silver: { rpm: 5, signup_credit: "1.0", signup_credit_expires: 720h, own_credentials_fee: "5.0" }
accounts:
  acme:
    plan: silver
    projects: { eu: { regions: [eu] } }
    members: { Ana@Example.com: { role: developer } }
    budgets:
      - { usd: "5.0", period: day, thresholds: [100, 50, 50] }
      - { usd: "5.0", period: day, member: ANA@example.com }
keys:
  until: { account: acme, expires: "2099-06-01T08:00:00+08:00", cache: 300s, member: Ana@EXAMPLE.com }
  narrow: { account: acme, project: eu, regions: [us, eu] }
`

test('however a value is written, the same file changes nothing the second time', async (context) => {
  const desk = await openDesk(context)
  const apply = async () => (await desk.run('apply run', { file: spelled })) as unknown as Applied
  const { changes } = await apply()
  assert.equal(changes.length, 8)
  const again = await apply()
  assert.deepEqual([again.changes, again.unchanged], [[], 8])
})

test('a plan that was reached by paying stays when the file is applied again, and one that was given by hand does not', async (context) => {
  const desk = await openDesk(context)
  const paying = `
plans:
  free: { rpm: 5 }
  pro: { rpm: 50, upgrade_at_paid_usd: "10" }
accounts:
  payer: { billing: prepaid, plan: free, credits: [{ id: first, usd: "12.00" }] }
  friend: { billing: prepaid, plan: free }
`
  const apply = async () => (await desk.run('apply run', { file: paying })) as unknown as Applied
  await apply()
  assert.equal((await desk.store.account('payer'))?.plan, 'pro')
  await desk.run('accounts set', { account: 'friend', plan: 'pro' })
  assert.deepEqual(
    (await apply()).changes.map(({ what }) => what),
    ['account friend'],
  )
  assert.equal((await desk.store.account('payer'))?.plan, 'pro')
})

test('a plan that its customer chose among those that are open stays, and is told, until the operator says otherwise', async (context) => {
  const desk = await openDesk(context)
  const fileWith = (plan: string): string => `
plans:
  free: { rpm: 5, open: true }
  pro: { rpm: 50, open: true }
  gold: { rpm: 500 }
accounts:
  acme: { plan: ${plan} }
`
  type Kept = Applied & { readonly kept: readonly object[] }
  const apply = async (plan: string) => (await desk.run('apply run', { file: fileWith(plan) })) as unknown as Kept
  const planNow = async () => (await desk.store.account('acme'))?.plan
  await apply('free')
  const { id: account, organisation } = (await desk.store.account('acme')) ?? assert.fail()
  const owner: Actor = {
    name: 'key:key_of_owner',
    scopes: ['read', 'write'],
    role: 'owner',
    tenant: { organisation, account },
  }
  await desk.with(owner, 'accounts choose-plan', { account, plan: 'pro' })
  const again = await apply('free')
  assert.deepEqual([again.changes, again.kept], [[], [{ account: 'acme', plan: 'pro', file: 'free', why: 'chosen' }]])
  assert.equal(await planNow(), 'pro')
  assert.deepEqual((await apply('gold')).kept, [], 'a plan that is the operator’s to give')
  assert.equal(await planNow(), 'gold')
  await desk.run('accounts set', { account: 'acme', plan: 'pro' })
  assert.deepEqual((await apply('free')).kept, [], 'by hand it was not chosen')
  assert.equal(await planNow(), 'free')
})

test('a credit limit is changed without a word about the plan, which a payment may change meanwhile', async (context) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 5 })
  await desk.run('plans create', { name: 'pro', rpm: 50, upgrade_at_paid_usd: '10' })
  await desk.run('accounts create', { name: 'later', billing: 'postpaid', plan: 'free' })
  const { customers } = desk.ports
  const changeAccount: typeof customers.changeAccount = async (change, trail) => {
    await desk.run('credits grant', { account: 'later', usd: '12.00' })
    return customers.changeAccount(change, trail)
  }
  const slow = {
    actor: { name: 'local', scopes: ['read', 'write'] },
    requestId: null,
    ports: { ...desk.ports, customers: { ...customers, changeAccount } },
    clock: desk.clock,
    ids: systemIds(desk.clock),
  } as const
  const set = operations.find(({ noun, verb }) => `${noun} ${verb}` === 'accounts set') ?? assert.fail()
  const told = await runOperation(set, { account: 'later', credit_limit: '5' }, slow)
  assert.equal((told as { readonly plan: string }).plan, 'pro')
  assert.equal((await desk.store.account('later'))?.plan, 'pro')
})

test('what is exported is what is applied: the same file changes nothing, and holds neither secrets nor credit', async (context) => {
  const desk = await openDesk(context)
  const { keys } = (await desk.run('apply run', { file })) as unknown as Applied
  const { file: text } = (await desk.run('export list')) as { readonly file: string }
  for (const { key } of keys) assert.ok(!text.includes(key.slice(8)))
  assert.doesNotMatch(text, /welcome|digest/)
  const parsed = parse(text) as { readonly accounts: Readonly<Record<string, { readonly billing: string }>> }
  assert.deepEqual(Object.keys(parsed.accounts).sort(), ['acme', 'globex'])
  const again = (await desk.run('apply run', { file: text })) as unknown as Applied
  assert.deepEqual(again.changes, [])
  const other = await openDesk(context)
  const elsewhere = (await other.run('apply run', { file: text })) as unknown as Applied
  assert.equal(elsewhere.keys.length, 2)
  assert.equal(((await other.run('export list')) as { readonly file: string }).file, text)
})

const refusals: readonly (readonly [string, RegExp])[] = [
  ['plans: { pro: { rmp: 1 } }', /plan pro: 'rmp' is no field here; did you mean 'rpm'/],
  ['accounts:\n  acme: { billing: postpaid }', /accounts\.acme\.billing: is prepaid/],
  ['accounts: { other: { plan: pro } }', /there is no plan 'pro'.*is new, and needs billing/s],
  ['accounts:\n  acme:\n    budget: 5', /line 4: accounts\.acme\.budget: is not known here/],
  ['plans: [1', /line \d: /],
  ['plans: { file-plan: { rpm: 1 } }', /plans\.file-plan: is declared in drover\.yaml/],
  ['accounts: { acme: { credits: [{ usd: "1" }] } }', /credits\[0\]: needs an id/],
  [
    'accounts: { acme: { credits: [{ id: a, usd: "1" }, { id: a, usd: "5" }] } }',
    /credits\[1\]: 'a' is there twice, and is granted once/,
  ],
  [
    'accounts: { acme: { budgets: [{ usd: "1", period: day, member: A@b.cd }, { usd: "2", period: day, member: a@b.cd }] } }',
    /budgets\[1\]: is there twice/,
  ],
]

test('a file with anything wrong is refused as a whole, with the place of each fault', async (context) => {
  const plan: PlanFacts = {
    name: 'file-plan',
    requestsPerMinute: 5,
    requestsPerDay: null,
    tokensPerMinute: null,
    tokensPerDay: null,
    concurrency: null,
    signupCreditNanoUsd: null,
    signupCreditExpiresMs: null,
    upgradeAtPaidNanoUsd: null,
    origin: 'file',
  }
  const desk = await openDesk(context, { plans: () => new Map([['file-plan', plan]]) })
  for (const [text, message] of refusals)
    await assert.rejects(
      desk.run('apply run', { file: `keys: { made: {} }\n${text}` }),
      (thrown) =>
        thrown instanceof Problem && message.test(thrown.message) && /nothing was changed/.test(thrown.message),
      text,
    )
  assert.equal(await desk.store.key('made'), null)
  await desk.run('apply run', { file: 'keys: { made: { account: acme } }' })
  await assert.rejects(
    desk.run('apply run', { file: 'keys: { made: { account: acme, rpm: 5 } }' }),
    /a key is not changed/,
  )
  const grant = (usd: string) =>
    desk.run('apply run', { file: `accounts: { acme: { credits: [{ id: a, usd: "${usd}" }] } }` })
  await grant('1')
  await assert.rejects(grant('2'), /'a' was granted with 1\.00 USD, and a grant is not changed/)
})

test('a file that asks for more than calls can wait for is refused, and shown all the same', async (context) => {
  const desk = await openDesk(context)
  const names = Array.from({ length: 2_001 }, (_one, number) => `plan-${number}`)
  const many = `plans: { ${names.map((name) => `${name}: {}`).join(', ')} }`
  const shown = (await desk.run('apply run', { file: many, dry_run: true })) as unknown as Applied
  assert.equal(shown.changes.length, 2_001)
  await assert.rejects(
    desk.run('apply run', { file: many }),
    /asks for 2001 changes, and at most 2000 are made at once/,
  )
  assert.deepEqual(await desk.store.plans(), [])
})

test('of a file that others were quicker than, nothing is kept: neither what came before the conflict nor its trail', async (context) => {
  const desk = await openDesk(context)
  const { together } = desk.ports.store
  Object.assign(desk.ports.store, {
    together: async (writes: Parameters<typeof together>[0]) => {
      Object.assign(desk.ports.store, { together })
      await desk.run('accounts create', { name: 'globex', billing: 'prepaid' })
      return together(writes)
    },
  })
  const rows = async () => (await desk.store.trail({ limit: 100, after: null })).length
  const before = await rows()
  await assert.rejects(desk.run('apply run', { file }), { code: 'conflict' })
  assert.deepEqual([await desk.store.plans(), await desk.store.key('search-ci'), await rows()], [[], null, before + 1])
  const again = (await desk.run('apply run', {
    file: file.replace('globex: { billing: postpaid, credit_limit: "250" }', 'globex: {}'),
  })) as unknown as Applied
  assert.ok(again.keys.length === 2)
})

test('what is wrong with a file has a code, its place, its line and its words apart, for those who read another language', async (context) => {
  const desk = await openDesk(context)
  const said = async (text: string): Promise<string> => {
    const thrown = await desk.run('apply run', { file: text }).then(
      () => null,
      (problem: unknown) => problem,
    )
    assert.ok(thrown instanceof Problem)
    assert.equal(thrown.detail.said?.text, thrown.message)
    return JSON.stringify(thrown.detail.said)
  }
  const fresh = await said('accounts: { new: {} }')
  assert.match(fresh, /"code":"file_refused"/)
  assert.match(
    fresh,
    /"line":0,"path":"accounts.new","what":"is new, and needs billing: prepaid, postpaid or unlimited."/,
  )
  const unknown = await said('plans: {}\naccounts:\n  acme: { budget: 5 }')
  assert.match(unknown, /"line":3,"path":"accounts.acme.budget","what":"is not known here. Known: billing, plan/)
  const wrong = await said('plans: { pro: { rmp: 1 } }')
  assert.match(wrong, /"path":"plan pro","what":"'rmp' is no field here; did you mean 'rpm'\?"/)
  // A colon of a name, or of what is said, parts nothing.
  assert.match(await said('accounts: { "new: one": {} }'), /"path":"accounts.new: one","what":"is new, and needs/)
  assert.match(await said('plans: *pro'), /"path":"","what":"Unresolved alias [^"]*: pro"/)
})
