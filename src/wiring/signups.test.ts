import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const open = async (context: Parameters<typeof openDesk>[0]): Promise<Desk> => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3, signup_credit: '5.00', signup_credit_expires: '30d' })
  return desk
}

let customers = 0
const signUp = ({ run }: Desk, mail: string, more: object = {}) => {
  customers += 1
  return run('signups create', { name: `customer ${customers}`, mail, ...more })
}
const balance = async ({ run }: Desk, account: unknown) => (await run('credits balance', { account }))['balance_usd']

test('credit comes when the mail address is verified and its time has come, once', async (context) => {
  const desk = await open(context)
  const { run, store, clock } = desk
  const made = await signUp(desk, 'ana@example.com')
  assert.deepEqual([made['state'], made['plan'], await balance(desk, made['account'])], ['unverified', 'free', '0.00'])
  const verified = await run('signups verify', { id: made['id'] })
  assert.equal(verified['state'], 'waiting')
  assert.equal(await store.releaseSignups(clock.nowMs(), 10), 0)
  clock.advance(3_600_000)
  assert.equal(await store.releaseSignups(clock.nowMs(), 10), 1)
  assert.equal(await store.releaseSignups(clock.nowMs(), 10), 0)
  assert.equal(await balance(desk, made['account']), '5.00')
  await run('signups verify', { id: made['id'] })
  await assert.rejects(run('signups release', { id: made['id'] }), { code: 'conflict' })
  assert.equal((await run('ledger verify'))['ok'], true)
})

test('one mail box has its credit once, a payment too, an address and a domain so often as the rules say', async (context) => {
  const desk = await open(context)
  const stateOf = async (mail: string, more: object = {}) => {
    const made = await signUp(desk, mail, { verified: true, ...more })
    return [made['state'], made['reason']]
  }
  assert.deepEqual(await stateOf('ana.smith@gmail.com'), ['waiting', null])
  assert.match(String((await stateOf('anasmith+again@googlemail.com'))[1]), /mail box/)
  assert.deepEqual(await stateOf('bo@gmail.com', { payment: 'card_1' }), ['waiting', null])
  assert.match(String((await stateOf('cy@gmail.com', { payment: 'card_1' }))[1]), /means of payment/)
  for (const name of ['d', 'e', 'f'])
    assert.deepEqual(await stateOf(`${name}@gmail.com`, { address: '192.0.2.1' }), ['waiting', null])
  assert.match(String((await stateOf('g@gmail.com', { address: '192.0.2.1' }))[1]), /network address/)
  assert.deepEqual(await stateOf('a@corp.example'), ['waiting', null])
  assert.deepEqual(await stateOf('b@corp.example'), ['waiting', null])
  assert.match(String((await stateOf('c@corp.example'))[1]), /mail domain/)
  desk.clock.advance(86_400_001)
  assert.deepEqual(await stateOf('d@corp.example'), ['waiting', null])
})

test('of many who sign up with one payment at once, one gets credit', async (context) => {
  const desk = await open(context)
  const made = await Promise.all(
    Array.from({ length: 20 }, (_unused, index) =>
      signUp(desk, `p${index}@gmail.com`, { verified: true, payment: 'card' }),
    ),
  )
  assert.equal(made.filter(({ state }) => state === 'waiting').length, 1)
})

test('a plan without credit is no reason to wait, and holds nobody else up', async (context) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3 })
  const none = await signUp(desk, 'ana@example.com', { verified: true })
  assert.deepEqual([none['state'], none['reason']], ['refused', 'the plan gives no sign-up credit'])
  await assert.rejects(desk.run('signups release', { id: none['id'] }), { code: 'conflict' })
  desk.clock.advance(3_600_000)
  assert.equal(await desk.store.releaseSignups(desk.clock.nowMs(), 10), 0)
})

test('a person may give or refuse the credit, whatever the rules said', async (context) => {
  const desk = await open(context)
  const first = await signUp(desk, 'ana@example.com')
  const given = await desk.run('signups release', { id: first['id'] })
  assert.deepEqual([given['state'], await balance(desk, first['account'])], ['released', '5.00'])
  const second = await signUp(desk, 'bo@example.com', { verified: true })
  assert.equal((await desk.run('signups refuse', { id: second['id'], reason: 'a robot' }))['state'], 'refused')
  desk.clock.advance(86_400_000)
  assert.equal(await desk.store.releaseSignups(desk.clock.nowMs(), 10), 0)
})

test('what a sign-up shares with others is kept as digests; a closed door lets nobody in', async (context) => {
  const desk = await open(context)
  const made = await signUp(desk, 'ana@gmail.com', { address: '192.0.2.1', payment: 'card_1' })
  const row = JSON.stringify(await desk.store.signup(String(made['id'])), (_name, value) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  for (const secret of ['ana', '192.0.2.1', 'card_1']) assert.ok(!row.includes(secret), secret)
  const rules = {
    verifyMail: true,
    releaseAfterMs: 0,
    windowMs: 1,
    perAddressMax: 1,
    perPaymentMax: 1,
    perDomainMax: 1,
  }
  const closed = await openDesk(context, { signup: () => ({ open: false, plan: null, rules }) })
  await assert.rejects(signUp(closed, 'ana@example.com'), { code: 'permission_denied' })
})
