/** What every backend does for administration. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AdminStore, Page } from '#admin/port.ts'
import { handClock } from '#base/hand-clock.ts'
import { sampleAccount, sampleFirst, sampleKeyRow, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const page = (limit = 1000, after: string | null = null): Page => ({ limit, after })

const countAll = async (store: AdminStore) => ({
  organisations: (await store.organisations(page())).length,
  accounts: (await store.accounts(page())).length,
  keys: (await store.keys(page())).length,
  trail: (await store.trail(page())).length,
})

const startContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: begin fills an empty store, once, also when asked at the same time`, async (context) => {
    const store = await open(context, handClock(0))
    const first = sampleFirst([sampleKeyRow('key_1'), sampleKeyRow('key_2', { purpose: 'admin' })])
    const answers = await Promise.all([store.begin(first), store.begin(first), store.begin(sampleFirst())])
    assert.deepEqual(answers, [true, false, false])
    assert.deepEqual(await countAll(store), { organisations: 1, accounts: 1, keys: 2, trail: 1 })
    assert.deepEqual(await store.account('default'), first.account)
    assert.deepEqual(await store.organisations(page()), [first.organisation])
  })

  test(`${name}: a begin that fails leaves an empty store`, async (context) => {
    const store = await open(context, handClock(0))
    const twice = sampleFirst([sampleKeyRow('key_1'), sampleKeyRow('key_1')])
    await assert.rejects(store.begin(twice), { code: 'conflict' })
    assert.deepEqual(await countAll(store), { organisations: 0, accounts: 0, keys: 0, trail: 0 })
    assert.equal(await store.begin(sampleFirst()), true)
  })
}

const accountContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: an account is found by id and by name, as it was written`, async (context) => {
    const store = await open(context, handClock(0))
    const rows = sampleAccount("O'Neill; drop table account")
    await store.createAccount(rows, sampleTrail('trl_1'))
    assert.deepEqual(await store.account(rows.account.id), rows.account)
    assert.deepEqual(await store.account(rows.account.name), rows.account)
    assert.equal(await store.account('nobody'), null)
    assert.equal((await store.trail(page())).length, 1)
  })

  test(`${name}: a name that is taken is refused, and nothing is changed`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const before = await countAll(store)
    const other = sampleAccount('other')
    const sameAccount = { ...other, account: { ...other.account, name: 'default' } }
    const sameOrganisation = { ...other, organisation: { ...other.organisation, name: 'default' } }
    for (const rows of [sameAccount, sameOrganisation])
      await assert.rejects(store.createAccount(rows, sampleTrail('trl_1')), {
        code: 'conflict',
        message: /already an? .* named "default"/,
      })
    assert.deepEqual(await countAll(store), before)
    assert.equal((await store.verifyTrail()).ok, true)
  })

  test(`${name}: of many who want one name, one gets it`, async (context) => {
    const store = await open(context, handClock(0))
    const attempts = Array.from({ length: 20 }, (_unused, number) => {
      const rows = sampleAccount(`a${number}`)
      return store.createAccount(
        { ...rows, account: { ...rows.account, name: 'wanted' } },
        sampleTrail(`trl_${number}`),
      )
    })
    const results = await Promise.allSettled(attempts)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.deepEqual(await countAll(store), { organisations: 1, accounts: 1, keys: 0, trail: 1 })
  })

  test(`${name}: accounts and organisations come in pages by id, each once`, async (context) => {
    const store = await open(context, handClock(0))
    const names = Array.from({ length: 7 }, (_unused, number) => `n${number}`)
    for (const one of names) await store.createAccount(sampleAccount(one), sampleTrail(`trl_${one}`))
    const seen: string[] = []
    let after: string | null = null
    for (;;) {
      const rows = await store.accounts(page(3, after))
      seen.push(...rows.map((row) => row.name))
      after = rows.at(-1)?.id ?? null
      if (rows.length < 3) break
    }
    assert.deepEqual(seen, names)
    assert.equal((await store.organisations(page(2, 'org_n4'))).length, 2)
  })

  test(`${name}: a page of no rows or of too many is refused`, async (context) => {
    const store = await open(context, handClock(0))
    for (const limit of [0, -1, 1001, 1.5, Number.NaN])
      await assert.rejects(store.accounts(page(limit)), { code: 'invalid_request_error' })
  })
}

const keyContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a key comes back as it was written, with every field`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const full = sampleKeyRow('key_1', {
      test: true,
      environment: 'staging',
      models: ['kimi-k2', 'a/b'],
      requestsPerMinute: 3,
      tokensPerMinute: 2 ** 40,
      requestsPerDay: 7,
      tokensPerDay: 2 ** 41,
      concurrency: 0,
      addresses: ['10.0.0.0/8'],
      defaultProvider: 'moonshot',
      usageCost: true,
      budgetNanoUsd: 2n ** 62n,
      budgetPeriod: 'month',
      createdMs: 1_795_366_251_100,
      expiresMs: 1_795_366_251_101,
    })
    const plain = sampleKeyRow('key_2', { project: null, models: [] })
    await store.createKey(full, sampleTrail('trl_1'))
    await store.createKey(plain, sampleTrail('trl_2'))
    assert.deepEqual(await store.key('key_1'), full)
    assert.deepEqual(await store.key(full.name), full)
    assert.deepEqual(await store.keys(page()), [full, plain])
    assert.equal(await store.key('key_3'), null)
  })

  test(`${name}: names of keys and accounts come many at once; of another organisation there are none`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst([sampleKeyRow('key_1')]))
    const acme = sampleAccount('acme')
    await store.createAccount(acme, sampleTrail('trl_1'))
    const of = { organisation: acme.organisation.id, account: acme.account.id, project: null }
    await store.createKey(sampleKeyRow('key_2', of), sampleTrail('trl_2'))
    const ids = ['key_1', 'key_2', 'key_3']
    assert.deepEqual(
      await store.names({ of: 'key', ids }),
      new Map([
        ['key_1', 'name of key_1'],
        ['key_2', 'name of key_2'],
      ]),
    )
    const own = { organisation: of.organisation }
    assert.deepEqual(await store.names({ of: 'key', ids, ...own }), new Map([['key_2', 'name of key_2']]))
    const accounts = ['acc_default', of.account]
    assert.deepEqual(await store.names({ of: 'account', ids: accounts, ...own }), new Map([[of.account, 'acme']]))
    assert.equal((await store.names({ of: 'account', ids: accounts })).size, 2)
    assert.equal((await store.names({ of: 'key', ids: [] })).size, 0)
    const { project, organisation } = acme
    assert.deepEqual(
      await store.names({ of: 'project', ids: [project.id], ...own }),
      new Map([[project.id, project.name]]),
    )
    const asOperator = await store.names({ of: 'organisation', ids: [organisation.id] })
    assert.deepEqual(asOperator, new Map([[organisation.id, organisation.name]]))
    assert.equal((await store.names({ of: 'organisation', ids: [organisation.id], ...own })).size, 0)
    for (const kind of ['member', 'person', 'migration'] as const)
      assert.equal((await store.names({ of: kind, ids: ['x'], ...own })).size, 0)
    const many = Array.from({ length: 1_001 }, (_unused, number) => `key_${number}`)
    await assert.rejects(store.names({ of: 'key', ids: many }), { code: 'invalid_request_error' })
  })

  test(`${name}: a key of nobody, or one that is there already, is refused`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst([sampleKeyRow('key_1')]))
    const before = await countAll(store)
    const orphan = sampleKeyRow('key_2', { account: 'acc_nobody' })
    const sameDigest = sampleKeyRow('key_3', { digest: 'digest of key_1' })
    for (const row of [orphan, sameDigest, sampleKeyRow('key_1')])
      await assert.rejects(store.createKey(row, sampleTrail('trl_1')), { code: 'conflict' })
    assert.deepEqual(await countAll(store), before)
  })

  test(`${name}: a revocation may only become earlier, and is written to the trail`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst([sampleKeyRow('key_1')]))
    const revoke = async (atMs: number, trail: string) =>
      (await store.revokeKey('key_1', atMs, sampleTrail(trail)))?.revokedMs
    assert.equal(await revoke(5000, 'trl_1'), 5000)
    assert.equal(await revoke(9000, 'trl_2'), 5000)
    assert.equal(await revoke(2000, 'trl_3'), 2000)
    assert.equal(await store.revokeKey('key_2', 1, sampleTrail('trl_4')), null)
    assert.deepEqual(
      (await store.trail(page())).map(({ id }) => id),
      ['trl_0', 'trl_1', 'trl_2', 'trl_3'],
    )
  })

  test(`${name}: a rotation makes the successor and ends the old key, or does neither`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst([sampleKeyRow('key_1', { name: 'ci' })]))
    const row = sampleKeyRow('key_2', { name: 'ci', line: 'key_1', earlier: ['key_1'] })
    const before = await countAll(store)
    await assert.rejects(store.rotateKey({ oldId: 'key_9', oldUntilMs: 1, row }, sampleTrail('trl_1')), {
      code: 'not_found',
    })
    const clash = sampleKeyRow('key_2', { digest: 'digest of key_1' })
    await assert.rejects(store.rotateKey({ oldId: 'key_1', oldUntilMs: 1, row: clash }, sampleTrail('trl_1')), {
      code: 'conflict',
    })
    assert.deepEqual(await countAll(store), before)
    assert.equal((await store.key('key_1'))?.revokedMs, null)
    await store.rotateKey({ oldId: 'key_1', oldUntilMs: 7000, row }, sampleTrail('trl_1'))
    assert.equal((await store.key('key_1'))?.revokedMs, 7000)
    assert.deepEqual(await store.key('ci'), row)
  })

  test(`${name}: a name that two standing keys share is refused, naming both`, async (context) => {
    const store = await open(context, handClock(0))
    const namesakes = [sampleKeyRow('key_1', { name: 'ci' }), sampleKeyRow('key_2', { name: 'ci' })]
    await store.begin(sampleFirst(namesakes))
    await assert.rejects(store.key('ci'), { code: 'conflict', message: /key_1, key_2/ })
    await store.revokeKey('key_1', 1, sampleTrail('trl_1'))
    assert.equal((await store.key('ci'))?.id, 'key_2')
    await store.revokeKey('key_2', 1, sampleTrail('trl_2'))
    await assert.rejects(store.key('ci'), { code: 'conflict' })
  })
}

const trailContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: the trail keeps its order, its fields and its chain, also under parallel changes`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const rows = Array.from({ length: 50 }, (_unused, number) =>
      sampleTrail(`trl_x${number}`, { before: '{"a":"Ä"}', requestId: 'call_1', timeMs: 50 - number }),
    )
    await Promise.all(rows.map((row, number) => store.createKey(sampleKeyRow(`key_${number}`), row)))
    const firstPage = await store.trail(page(20))
    const secondPage = await store.trail(page(100, firstPage.at(-1)?.id ?? null))
    assert.deepEqual([...firstPage.slice(1), ...secondPage], rows)
    assert.deepEqual(await store.verifyTrail(), { ok: true, rows: 51 })
    await assert.rejects(store.trail(page(1, 'trl_nothing')), { code: 'not_found' })
  })
}

/** Registers the tests that every backend passes as AdminStore. */
export const adminStoreContract = (backend: OpenBackend): void => {
  startContract(backend)
  accountContract(backend)
  keyContract(backend)
  trailContract(backend)
}
