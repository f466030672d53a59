import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret, silentLog } from './log.ts'

const canary = 'hs-live-canary-4711'
const secret = new Secret(canary)

const printings: Readonly<Record<string, () => string>> = {
  String: () => String(secret),
  'a template': () => `key: ${secret}`,
  concatenation: () => `${'key: '}${secret as unknown as string}`,
  'JSON.stringify': () => JSON.stringify({ key: secret, list: [secret] }),
  inspect: () => inspect({ key: secret }, { showHidden: true, depth: 9, getters: true }),
  format: () => format('%s %o %O %j', secret, secret, secret, secret),
  'Object.entries': () => JSON.stringify(Object.entries(secret)),
  'a spread': () => JSON.stringify({ ...secret }),
  'an error': () => inspect(new Error('failed', { cause: secret })),
}
for (const [name, print] of Object.entries(printings))
  test(`a secret is not printed by ${name}`, () => assert.ok(!print().includes('canary')))

test('a secret is given out by reveal, and by nothing else', () => {
  assert.equal(secret.reveal(), canary)
  assert.equal(String(secret), '[secret]')
  assert.equal(JSON.stringify(secret), '"[secret]"')
})

test('the silent log takes everything', () => {
  for (const write of Object.values(silentLog)) assert.equal(write('x', { secret }), undefined)
})
