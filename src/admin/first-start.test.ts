import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { keyForm } from '#policy/key.ts'
import { firstStart } from './first-start.ts'
import { greeting } from './greeting.ts'
import { testContext } from './test-store.ts'

const page = { limit: 100, after: null }
const given = (name: string): string => `${name}-${'x'.repeat(32)}`

const open = () => {
  const { ports, clock, ids, store, told } = testContext()
  const start = (admin: string | null, key: string | null) =>
    firstStart({ ports, clock, ids, given: { admin, test: key } })
  return { start, store, ports, told, clock }
}

test('an empty store gets the default organisation, an admin key and a test key, told once', async () => {
  const { start, store, told, ports } = open()
  const result = await start(null, '')
  assert.equal(result.created, true)
  assert.deepEqual(
    (await store.organisations(page)).map((row) => row.name),
    ['default'],
  )
  const [account] = await store.accounts(page)
  assert.equal(account?.billing, 'unlimited')
  const keys = await store.keys(page)
  assert.deepEqual(
    keys.map(({ name, purpose, test: isTest, account: owner }) => [name, purpose, isTest, owner]),
    [
      ['admin', 'admin', false, account?.id],
      ['test', 'model', true, account?.id],
    ],
  )
  assert.equal(told.length, 2)
  for (const { key, id } of result.keys) {
    assert.equal(keyForm(key ?? ''), 'sound')
    assert.equal(keys.find((row) => row.id === id)?.digest, ports.digestKey(key ?? ''))
  }
  const text = greeting(result, 'http://127.0.0.1:4000')
  assert.ok(result.keys.every(({ key }) => text.includes(key ?? '?')))
  assert.match(text, /curl -N http:\/\/127\.0\.0\.1:4000\/v1\/chat\/completions/)
  assert.match(text, /"model": "kimi-k2", "stream": true/)
  const [row] = await store.trail(page)
  assert.equal(row?.actor, 'system')
  assert.ok(!JSON.stringify(row).includes(keys[0]?.digest ?? '?'), 'a digest is in the trail')
  assert.ok(
    result.keys.every(({ key }) => !JSON.stringify(row).includes(key ?? '?')),
    'a key is in the trail',
  )

  const again = await start(null, null)
  assert.deepEqual(again, { created: false, keys: [], notes: [] })
  assert.equal(greeting(again, 'http://127.0.0.1:4000'), '')
})

test('given keys are taken as they are, and not shown', async () => {
  const { start, store, ports } = open()
  const result = await start(given('drover-admin'), given('hs-test'))
  assert.deepEqual(
    result.keys.map(({ key }) => key),
    [null, null],
  )
  assert.deepEqual(
    (await store.keys(page)).map((row) => row.digest),
    [ports.digestKey(given('drover-admin')), ports.digestKey(given('hs-test'))],
  )
  const text = greeting(result, 'http://h')
  assert.ok(!text.includes(given('hs-test')))
  assert.match(text, /\$DROVER_TEST_KEY/)
})

test('a given key that a later start brings is added and told of; a known one is not added twice', async () => {
  const { start, store, clock } = open()
  await start(given('drover-admin'), null)
  const later = await start(given('drover-admin'), given('sk-imported'))
  assert.deepEqual(
    later.keys.map(({ kind, key }) => [kind, key]),
    [['test', null]],
  )
  assert.match(later.notes.join(), /DROVER_TEST_KEY was new to this store/)
  assert.equal((await store.keys(page)).length, 3)
  assert.deepEqual((await start(given('drover-admin'), given('sk-imported'))).notes, [])

  const [, , added] = await store.keys(page)
  const [row] = await store.trail(page)
  assert.ok(added !== undefined && row !== undefined)
  await store.revokeKey(added.id, clock.nowMs(), row)
  const revoked = await start(null, given('sk-imported'))
  assert.match(revoked.notes.join(), /is revoked; it stays so/)
  assert.equal((await store.keys(page)).length, 3)
})

test('two nodes that start at once with the same new key both start, and the key is there once', async () => {
  const { start, store } = open()
  await start(given('drover-admin'), null)
  const both = await Promise.all([0, 1].map(() => start(given('drover-admin'), given('hs-test'))))
  assert.deepEqual(both.map(({ keys }) => keys.length).sort(), [0, 1])
  assert.equal((await store.keys(page)).length, 3)
})

test('what cannot be a key is refused by the name of its variable, without being shown', async () => {
  const { start, store } = open()
  const refused = async (admin: string | null, key: string | null, message: RegExp): Promise<void> => {
    await assert.rejects(start(admin, key), (thrown) => {
      assert.ok(thrown instanceof Problem)
      assert.match(thrown.message, message)
      for (const secret of [admin, key]) assert.ok(secret === null || !thrown.message.includes(secret))
      return true
    })
  }
  await refused('hunter-2', null, /^DROVER_ADMIN_KEY cannot be used as a key: it does not begin with/)
  await refused(null, 'hs-test-short', /^DROVER_TEST_KEY cannot be used as a key: it has 13 characters/)
  await refused(null, `hs-test-${'é'.repeat(40)}`, /outside ASCII/)
  await refused(given('hs-same'), given('hs-same'), /are the same/)
  assert.deepEqual(await store.organisations(page), [])
})
