import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { asProblem } from '#base/problem.ts'
import { makePasswords } from './password.ts'
import { passwordFault } from './password-rule.ts'

const ids = systemIds(systemClock())

test('a password matches its own hash, in whatever form of Unicode it is typed; nothing matches none', async () => {
  const passwords = makePasswords(ids)
  const hash = await passwords.hash('naïve café au lait')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.notEqual(await passwords.hash('naïve café au lait'), hash)
  assert.equal(await passwords.matches('naïve café au lait'.normalize('NFD'), hash), true)
  assert.equal(await passwords.matches('naive cafe au lait', hash), false)
  for (const none of [null, '', 'x', hash.replace('argon2id', 'argon2i'), `${hash}$`])
    assert.equal(await passwords.matches('naïve café au lait', none), false)
})

test('two are computed at once, and of a flood those beyond the queue are refused', async () => {
  const passwords = makePasswords(ids)
  const told = await Promise.allSettled(Array.from({ length: 100 }, () => passwords.matches('x', null)))
  const refused = told.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 100 - 2 - 64)
  for (const one of refused) assert.equal(asProblem(one.reason).code, 'overloaded')
  assert.equal(await passwords.matches('x', null), false, 'it goes on')
})

test('passwords that are tried first are not taken', () => {
  const mail = 'ana.smith@example.com'
  for (const weak of ['short', 'aaaaaaaaaaaa', 'password123', '1234567890', 'ana.smith99', 'x'.repeat(201)])
    assert.notEqual(passwordFault(weak, mail), null, weak)
  for (const good of ['correct horse battery', '一二三四五六七八九十', 'tr0ub4dor&3xyz'])
    assert.equal(passwordFault(good, mail), null)
  assert.equal(passwordFault('tr0ub4dor&3xyz', 'b@example.com'), null, 'a name of one letter is in most passwords')
})
