import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createAdminApi } from '#admin/api.ts'
import { fieldsOf } from '#admin/field.ts'
import type { Actor, Operation } from '#admin/operation.ts'
import { operations } from '#admin/operations.ts'
import { reachOf } from '#admin/reach.ts'
import { systemIds } from '#base/id.ts'
import { sampleRecord } from '#base/sample-record.ts'
import type { Role } from '#identity/role.ts'
import { roles } from '#identity/role.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

type Row = Readonly<Record<string, unknown>>

/** An organisation with one of each thing that operations name. */
const fill = async ({ run, store, clock }: Desk, name: string) => {
  const account = await run('accounts create', { name, billing: 'prepaid' })
  const id = String(account['id'])
  const mine = { account: id }
  const project = await run('projects create', { ...mine, name: `${name} project` })
  const member = await run('members add', { ...mine, mail: `owner@${name}.example`, role: 'owner' })
  const key = await run('keys create', { ...mine, name: `${name} key`, test: true })
  const lot = await run('credits grant', { ...mine, usd: '5.00', kind: 'paid', reason: `${name} lot` })
  const budget = await run('budgets set', { ...mine, usd: '3.00', period: 'day' })
  const order = await run('payments create', { ...mine, usd: '50.00', method: 'manual', currency: 'USD' })
  const title = await run('fapiao add-title', { ...mine, form: 'person', name: `${name} title` })
  const row = await store.account(id)
  const call = sampleRecord({
    id: `call_of_${name}`,
    account: id,
    organisation: row?.organisation ?? '',
    key: String(key['id']),
    timeMs: clock.nowMs(),
  })
  await store.append(call)
  return {
    name,
    account: id,
    organisation: row?.organisation ?? '',
    project: String(project['id']),
    member: String(member['id']),
    key: String(key['id']),
    lot: String(lot['lot']),
    budget: String(budget['id']),
    order: String(order['id']),
    title: String(title['id']),
    call: call.id,
  }
}

type Filled = Awaited<ReturnType<typeof fill>>

/** What somebody would put into a field to get at another organisation's rows. */
const valueFor = (operation: Operation, field: string, of: Filled): unknown => {
  const { noun } = operation
  const ids: Readonly<Record<string, string>> = {
    keys: of.key,
    budgets: of.budget,
    calls: of.call,
    explain: of.call,
    models: 'kimi-k2',
    sessions: 'ses_x',
    signups: 'sgn_x',
    prices: 'prc_x',
  }
  const values: Row = {
    id: ids[noun] ?? of.key,
    account: of.account,
    organisation: of.organisation,
    project: of.project,
    member: of.member,
    key: of.key,
    lot: of.lot,
    order: of.order,
    title: of.title,
    document: 'INV-2026-00001',
    request: 'fap_x',
    name: 'made by the walk',
    mail: 'new@walk.example',
    role: 'developer',
    usd: '1.00',
    period: 'day',
    method: 'manual',
    reason: 'because',
    version: '1',
    amount: '1.00',
    currency: 'USD',
    reference: 'r',
    billing: 'prepaid',
    provider: 'moonshot',
    code: 'DRV-0000-0000-0000-0000',
    email: noun === 'members' ? 'new@walk.example' : `owner@${of.name}.example`,
    password: 'a password that is wrong',
  }
  return values[field]
}

const asked = (operation: Operation, of: Filled, isWhole: boolean) => {
  const names = [...operation.path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1] ?? '')
  const given: Record<string, unknown> = {}
  for (const { name, required } of fieldsOf(operation.input)) {
    const value = valueFor(operation, name, of)
    if (value !== undefined && (required || isWhole || names.includes(name))) given[name] = value
  }
  const parameters = Object.fromEntries(names.map((name) => [name, String(given[name] ?? 'x')]))
  for (const name of names) delete given[name]
  return { parameters, given }
}

const walker = (desk: Desk) => {
  const { ports, clock } = desk
  const api = createAdminApi({ operations, ports, clock, ids: systemIds(clock), version: '0', failed: () => {} })
  return async (operation: Operation, input: ReturnType<typeof asked>, actor: Actor) => {
    const isQuery = operation.method === 'GET' || operation.method === 'DELETE'
    const query = new URLSearchParams()
    if (isQuery) for (const [name, value] of Object.entries(input.given)) query.set(name, String(value))
    const bytes = Buffer.from(JSON.stringify(input.given))
    const inbound = {
      id: 'call_walk',
      origin: '',
      query,
      body: isQuery
        ? ({ kind: 'none' } as const)
        : ({ kind: 'bytes', bytes, contentType: 'application/json' } as const),
    }
    const endpoint = { kind: 'operation', operation } as const
    const answer = await api.answer({ endpoint, parameters: input.parameters, inbound, actor })
    return { status: answer.status, text: Buffer.from(answer.body).toString() }
  }
}

const open = async (context: TestContext) => {
  const desk = await openDesk(context)
  return { desk, ours: await fill(desk, 'ours'), theirs: await fill(desk, 'theirs'), walk: walker(desk) }
}

const actorOf = (role: Role, of: Filled): Actor => ({
  name: 'person:per_walk',
  scopes: ['read', 'write', 'secrets'],
  role,
  tenant: { organisation: of.organisation, account: of.account },
})

/** Ids and names by which anything of theirs would be known again. */
const marksOf = (of: Filled): readonly string[] => [
  ...Object.values(of).filter((value) => value !== of.name),
  `${of.name} `,
  `@${of.name}.`,
]

test('every route × role, asked for the rows of another organisation, gives and changes nothing of them (Dify CVE-2026-41947, New API CVE-2026-30886, Open WebUI CVE-2026-44562)', async (context) => {
  const { desk, ours, theirs, walk } = await open(context)
  const before = await desk.store.trail({ limit: 1000, after: null })
  for (const operation of operations)
    for (const role of roles)
      for (const isWhole of [true, false]) {
        const input = asked(operation, theirs, isWhole)
        const { status, text } = await walk(operation, input, actorOf(role, ours))
        const what = `${operation.noun} ${operation.verb} as ${role}: ${status} ${text.slice(0, 300)}`
        assert.notEqual(status, 500, what)
        // A refusal may repeat what was asked for, and tell nothing else.
        const sent = status === 200 ? '' : JSON.stringify(input)
        const told = marksOf(theirs).filter((mark) => text.includes(mark) && !sent.includes(mark))
        assert.deepEqual(told, [], what)
      }
  const after = (await desk.store.trail({ limit: 1000, after: null })).slice(before.length)
  for (const row of after)
    for (const mark of marksOf(theirs).filter((one) => one.includes('_')))
      assert.ok(!row.object.includes(mark), `${row.operation} ${row.object}`)
  assert.equal((await desk.run('keys show', { id: theirs.key }))['state'], 'active')
  assert.equal((await desk.run('credits balance', { account: theirs.account }))['balance_usd'], '5.00')
})

test('a customer’s own people find their own rows, and lists end there', async (context) => {
  const { ours, theirs, walk } = await open(context)
  const owner = actorOf('owner', ours)
  let found = 0
  for (const operation of operations.filter((one) => reachOf(one) === 'organisation' && one.method === 'GET')) {
    for (const isWhole of [true, false]) {
      const { status, text } = await walk(operation, asked(operation, ours, isWhole), owner)
      for (const mark of marksOf(theirs)) assert.ok(!text.includes(mark), `${operation.noun} ${operation.verb} ${mark}`)
      if (status === 200) found += 1
    }
  }
  assert.ok(found >= 40, `${found} of the reading operations answered`)
})

test('whoever shows nothing is told nothing (OmniRoute #10103)', async (context) => {
  const { ours, walk } = await open(context)
  const visitor: Actor = { name: 'visitor', scopes: [], isVisitor: true }
  for (const operation of operations.filter((one) => reachOf(one) !== 'everybody')) {
    const { status, text } = await walk(operation, asked(operation, ours, true), visitor)
    assert.equal(status, 401, `${operation.noun} ${operation.verb}`)
    for (const mark of marksOf(ours)) assert.ok(!text.includes(mark))
  }
})

test('what the operator pays and adds is not shown to customers', async (context) => {
  const { desk, ours, walk } = await open(context)
  const named = (noun: string, verb: string): Operation => {
    const one = operations.find((each) => each.noun === noun && each.verb === verb)
    assert.ok(one !== undefined)
    return one
  }
  await desk.store.rollForward()
  const call = await walk(named('calls', 'show'), { parameters: { id: ours.call }, given: {} }, actorOf('owner', ours))
  assert.equal(call.status, 200)
  for (const attempt of (JSON.parse(call.text) as { attempts: { cost_nano_usd: string | null }[] }).attempts)
    assert.equal(attempt.cost_nano_usd, null)
  const usage = await walk(named('usage', 'list'), { parameters: {}, given: {} }, actorOf('owner', ours))
  const { total } = JSON.parse(usage.text) as { total: Row }
  assert.deepEqual([total['calls'], total['upstream_cost_nano_usd'], total['margin_percent']], [1, '0', null])
})

test('a customer makes a key, and is warned of a model that is not listed to them', async (context) => {
  const desk = await openDesk(context)
  const own = await fill(desk, 'globex')
  const tenant = { organisation: own.organisation, account: own.account }
  const owner: Actor = { name: 'key:key_of_owner', scopes: ['read', 'write', 'secrets'], role: 'owner', tenant }
  const make = (wish: object) => desk.with(owner, 'keys create', { name: 'of-a-customer', ...wish })
  assert.deepEqual((await make({}))['warnings'], [])
  assert.deepEqual((await make({ models: ['a/b'] }))['warnings'], [])
  assert.equal(((await make({ models: ['a'], environment: 'x' }))['warnings'] as unknown[]).length, 2)
})

test('customers see plans that they may choose or come to, and not one that was made for somebody else', async (context) => {
  const desk = await openDesk(context)
  const own = await fill(desk, 'globex')
  for (const [name, more] of [
    ['open', { open: true }],
    ['paid', { upgrade_at_paid_usd: '10' }],
    ['for-initech-alone', {}],
  ] as const)
    await desk.run('plans create', { name, rpm: 5, ...more })
  const tenant = { organisation: own.organisation, account: own.account }
  const owner: Actor = { name: 'key:key_of_owner', scopes: ['read', 'write'], role: 'owner', tenant }
  const seen = (await desk.with(owner, 'plans list', {}))['data'] as Row[]
  const names = seen.map(({ name }) => name)
  assert.ok(names.includes('open') && names.includes('paid') && !names.includes('for-initech-alone'), names.join())
  await assert.rejects(desk.with(owner, 'accounts choose-plan', { account: own.account, plan: 'for-initech-alone' }), {
    code: 'not_found',
  })
})
