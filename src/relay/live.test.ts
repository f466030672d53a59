import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf } from '#catalog/load.ts'
import { testClock } from '#http/test-clock.ts'
import { sampleKey } from '#policy/sample-key.ts'
import { makeVendor } from '#provider/vendor-defaults.ts'
import type { RelaySettings } from './live.ts'
import { liveRelay } from './live.ts'
import { monthVolumes } from './month-volumes.ts'
import { sampleModel, sampleProvider, sampleRoute } from './test-stage.ts'
import type { ScriptedUpstream } from './test-upstream.ts'
import { scriptedUpstream } from './test-upstream.ts'
import { upstreamSet } from './upstreams.ts'

const page = 'https://acme.example'
const acme = {
  vendor: 'acme',
  name: 'Acme',
  docs: page,
  sources: { page: { url: page, read: '2026-11-22' } },
  models: [
    { id: 'anvil', source: 'page' },
    { id: 'hammer', retires: '1970-01-02', lifecycle_source: 'page', source: 'page' },
  ],
}

const settings = (changes: Partial<RelaySettings> = {}): RelaySettings => ({
  providers: [sampleProvider('alpha'), sampleProvider('beta')],
  models: [sampleModel()],
  environment: 'production',
  regionsAllowed: null,
  limits: [],
  guards: [],
  keepBodies: false,
  keepDigests: true,
  plans: [],
  priceRules: [],
  fxRates: [],
  ...changes,
})

const open = (first: RelaySettings = settings()) => {
  const clock = testClock()
  const ways: { readonly name: string; readonly way: ScriptedUpstream }[] = []
  const vendor = makeVendor({ name: 'v', title: 'V', baseUrl: null, keyEnv: [], protocols: [], keyPage: null })
  const live = liveRelay({
    catalog: catalogOf([{ name: 'acme.json', text: JSON.stringify(acme) }]),
    route: sampleRoute,
    upstreams: upstreamSet({
      vendorOf: () => vendor,
      transportFor: ({ name }) => {
        const way = scriptedUpstream()
        ways.push({ name, way })
        return way.transport
      },
      fixed: [],
      closeFailed: () => undefined,
    }),
    digestKey: (key) => `digest of ${key}`,
    keys: new Map([['digest of a', sampleKey({ id: 'key_a' })]]),
    priceEntries: [],
    volumes: monthVolumes(),
    settings: first,
    clock,
  })
  const closed = (): string[] => ways.filter(({ way }) => way.closed()).map(({ name }) => name)
  return { live, clock, ways, closed }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a snapshot is frozen, and a call that has one keeps it', () => {
  const { live } = open()
  const before = live.current()
  assert.ok(Object.isFrozen(before))
  live.configure(settings({ environment: 'staging', keepBodies: true, models: [sampleModel([{}], { id: 'n' })] }))
  const after = live.current()
  assert.deepEqual([before.environment, before.keepBodies, before.live.byName.has('m')], ['production', false, true])
  assert.deepEqual([after.environment, after.keepBodies, after.live.byName.has('m')], ['staging', true, false])
  assert.ok(after.live.byName.has('n') && after.test.byName.has('n'))
  assert.equal(after.keys, before.keys)
  assert.equal(after.digestKey('x'), 'digest of x')
})

test('a new configuration keeps the ways that it does not touch and closes the others', async () => {
  const { live, ways, closed } = open()
  const before = live.current().upstreams
  live.configure(settings({ providers: [sampleProvider('alpha'), sampleProvider('beta', { baseUrl: `${page}/v2` })] }))
  const after = live.current().upstreams
  await settle()
  assert.equal(after.get('alpha')?.transport, before.get('alpha')?.transport)
  assert.notEqual(after.get('beta')?.transport, before.get('beta')?.transport)
  assert.deepEqual(closed(), ['beta'])
  assert.deepEqual(
    ways.map(({ name }) => name),
    ['alpha', 'beta', 'beta'],
  )
})

test('changed keys change only the table of keys, and only their own rows', () => {
  const { live } = open()
  const before = live.current()
  const revoked = { ...sampleKey({ id: 'key_a', revokedMs: 5 }), digest: 'digest of a' }
  live.keysChanged([revoked, { ...sampleKey({ id: 'key_b' }), digest: 'digest of b' }])
  const after = live.current()
  assert.equal(before.keys.get('digest of a')?.revokedMs, null)
  assert.equal(before.keys.size, 1)
  assert.equal(after.keys.get('digest of a')?.revokedMs, 5)
  assert.equal(after.keys.get('digest of b')?.id, 'key_b')
  assert.deepEqual([after.live, after.test, after.upstreams], [before.live, before.test, before.upstreams])
})

test('changed accounts change only the table of accounts', () => {
  const { live } = open()
  const before = live.current()
  live.accountsChanged([{ id: 'acc_1', billing: 'prepaid', state: 'open', plan: null }])
  live.accountsChanged([{ id: 'acc_2', billing: 'unlimited', state: 'closed', plan: null }])
  assert.equal(before.accounts.size, 0)
  assert.deepEqual([...live.current().accounts.keys()], ['acc_1', 'acc_2'])
  assert.equal(live.current().keys, before.keys)
})

test("the catalog's days come: a model that retires leaves the tables within the hour", () => {
  const { live, clock } = open(settings({ providers: [sampleProvider('acme')], models: [] }))
  const names = (): string[] => [...live.current().live.byName.keys()].sort()
  assert.deepEqual(names(), ['anvil', 'hammer'])
  clock.advance(23 * 3_600_000)
  assert.deepEqual(names(), ['anvil', 'hammer'])
  clock.advance(3_600_000)
  assert.deepEqual(names(), ['anvil'])
  live.close()
  assert.equal(clock.pending(), 0)
})
