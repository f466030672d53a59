import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideSignup, domainOf, isSharedDomain, normalMail } from './signup.ts'

const rules = {
  verifyMail: true,
  releaseAfterMs: 100,
  windowMs: 1000,
  perAddressMax: 3,
  perPaymentMax: 1,
  perDomainMax: 2,
}
const none = { mail: 0, domain: 0, address: 0, payment: 0 }
const decide = (counts: object, verified = true, changes: object = {}) =>
  decideSignup({ ...rules, ...changes }, { creditNanoUsd: 5n, counts: { ...none, ...counts }, verified, nowMs: 5 })

test('every way of writing one mail box is the same mail box', () => {
  const ways = ['Ana.Smith@gmail.com', 'anasmith+x@googlemail.com', 'a.n.a.smith+y+z@GMAIL.com']
  assert.deepEqual([...new Set(ways.map(normalMail))], ['anasmith@gmail.com'])
  assert.equal(normalMail('Ana.Smith+x@example.com'), 'ana.smith@example.com')
  assert.deepEqual([...new Set(['a.b-c@pm.me', 'ABC+1@protonmail.com'].map(normalMail))], ['abc@proton.me'])
  assert.equal(normalMail('a.b@me.com'), normalMail('A.B+z@icloud.com'))
  assert.equal(normalMail('undefined@example.com'), 'undefined@example.com', 'a name like any other')
  const plain = [
    'bob@firm.example',
    'BOB@firm.example.',
    '"bob"@Firm.example',
    '"b\\ob+x"@firm.example',
    '\uff42ob@firm.example',
  ]
  assert.deepEqual([...new Set(plain.map(normalMail))], ['bob@firm.example'])
  assert.equal(normalMail('ana@m\u00fcnchen.example'), normalMail('ana@xn--mnchen-3ya.example'))
  assert.equal(normalMail('a@[192.0.2.1]'), 'a@[192.0.2.1]', 'no name of a host')
  assert.equal(domainOf('a@b@Example.com'), 'example.com')
  assert.equal(domainOf('a@GMAIL.com.'), 'gmail.com')
  assert.equal(isSharedDomain('gmail.com'), true)
  assert.equal(isSharedDomain('example.com'), false)
})

test('credit waits for the mail address, then for its time', () => {
  assert.deepEqual(decide({}, false), { state: 'unverified' })
  assert.deepEqual(decide({}, false, { verifyMail: false }), { state: 'waiting', releaseMs: 105 })
  assert.deepEqual(decide({}), { state: 'waiting', releaseMs: 105 })
})

test('where the plan gives none, there is none to wait for', () => {
  const decided = decideSignup(rules, { creditNanoUsd: 0n, counts: none, verified: true, nowMs: 5 })
  assert.deepEqual(decided, { state: 'refused', reason: 'the plan gives no sign-up credit' })
})

test('each cap refuses from its own number on, verified or not, and `null` never does', () => {
  for (const [name, max, rule] of [
    ['mail', 1, null],
    ['address', 3, 'perAddressMax'],
    ['payment', 1, 'perPaymentMax'],
    ['domain', 2, 'perDomainMax'],
  ] as const) {
    assert.equal(decide({ [name]: max - 1 }).state, 'waiting', name)
    assert.equal(decide({ [name]: max }).state, 'refused', name)
    assert.equal(decide({ [name]: max }, false).state, 'refused', name)
    if (rule !== null) assert.equal(decide({ [name]: 1000 }, true, { [rule]: null }).state, 'waiting', name)
  }
})
