/** Providers and models that are applied, over a real store: what is taken, what is refused, and what the relay is given. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Actor } from '#admin/operation.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { readConfig } from '#config/load.ts'
import { digestKey } from '#policy/key.ts'
import { vendors } from '#provider/index.ts'
import type { Declared } from '#relay/applied.ts'
import { makeSeal } from '#secret/seal.ts'
import { openApplied } from './applied.ts'
import { appliedVault } from './applied-vault.ts'
import { deskStartMs, openDesk } from './test-desk.ts'

const yaml = `
providers:
  house: { vendor: openai, api_key: "env:HOUSE_KEY" }
models:
  house-model: { aliases: [in-house], targets: [{ provider: house, model: gpt-4.1 }] }
`

const configOf = async (text: string) => {
  const loaded = await readConfig(
    { text, file: 'drover.yaml' },
    { workingFolder: '/', environment: { HOUSE_KEY: 'sk-of-the-house-0123456789' }, vendors },
  )
  assert.ok(loaded.ok)
  return loaded.config
}

type Applied = {
  readonly changes: readonly { readonly sign: string; readonly what: string; readonly detail: readonly string[] }[]
  readonly unchanged: number
}

const openRoom = async (context: TestContext, text = yaml, secret = new Uint8Array(32)) => {
  const given: Declared[] = []
  const desk = await openDesk(context)
  const vault = appliedVault(makeSeal(secret, systemIds(desk.clock), 'applied providers'), (value) =>
    digestKey(value, secret),
  )
  const config = await configOf(text)
  const live = { appliedChanged: (applied: Declared) => void given.push(applied) }
  const parts = { config, store: desk.store, vault, live, clock: desk.clock, log: silentLog }
  const room = openApplied(parts)
  Object.assign(desk.ports, { applied: room.ports(room.refresh) })
  const apply = async (file: string, more: object = {}) =>
    (await desk.run('apply run', { file, ...more })) as unknown as Applied
  return { desk, room, parts, given, apply, last: () => given.at(-1) ?? { providers: [], models: [] } }
}

const credential = 'sk-first-credential-0001'
const file = (more = '', key = credential) => `
providers:
  rented: { vendor: openai, base_url: "https://rented.example/v1", api_key: "${key}"${more} }
models:
  fast:
    aliases: [quick]
    targets: [{ provider: rented, model: big }, { provider: house, model: gpt-4.1, tier: 2 }]
    fallbacks: [house-model]
    price: { input: "1.00", output: "2.00" }
`

const secretsOf = ({ providers }: Declared) =>
  providers.map(({ name, baseUrl, credentials, origin }) => [
    name,
    baseUrl,
    origin,
    ...credentials.map((one) => one.reveal()),
  ])

test('a provider and a model are shown, applied once, and then as they are; the credential is nowhere to be read', async (context) => {
  const { desk, apply, given, last, room } = await openRoom(context)
  const shown = await apply(file(), { dry_run: true })
  assert.deepEqual(
    shown.changes.map(({ sign, what }) => `${sign} ${what}`),
    ['+ provider rented', '+ model fast'],
  )
  assert.ok(shown.changes[0]?.detail.includes('credentials: set'))
  assert.equal((await desk.store.applied()).length, 0)
  const done = await apply(file())
  assert.deepEqual(done.changes, shown.changes)
  assert.deepEqual(secretsOf(last()), [['rented', 'https://rented.example/v1', 'store', credential]])
  assert.deepEqual(
    last().models.map(({ id, aliases, origin }) => [id, aliases, origin]),
    [['fast', ['quick'], 'store']],
  )
  const told = given.length
  desk.clock.advance(3_600_000)
  const again = await apply(file())
  assert.deepEqual([again.changes, again.unchanged], [[], 2])
  await room.refresh()
  assert.equal(given.length, told)
  const exported = ((await desk.run('export list')) as { readonly file: string }).file
  const trail = JSON.stringify(await desk.store.trail({ limit: 100, after: null }))
  const rows = await desk.store.applied()
  for (const text of [JSON.stringify([shown, done, again]), exported, trail, JSON.stringify(rows)])
    assert.ok(!text.includes(credential.slice(0, 12)))
  assert.ok(!Buffer.from(rows.at(-1)?.sealed ?? []).includes(credential))
  assert.match(trail, /providers\.create/)
  const same = await apply(exported)
  assert.deepEqual(same.changes, [])
})

test('another credential, another address, and a whole file or nothing of it', async (context) => {
  const { desk, apply, last } = await openRoom(context)
  await apply(file())
  const other = await apply(file('', 'sk-second-credential-0002'))
  assert.deepEqual(
    other.changes.map(({ sign, what, detail }) => [sign, what, ...detail]),
    [['~', 'provider rented', 'credentials: set']],
  )
  assert.deepEqual(secretsOf(last())[0]?.at(-1), 'sk-second-credential-0002')
  const moved = (key: string) =>
    `providers: { rented: { vendor: openai, base_url: "https://elsewhere.example/v1", api_key: "${key}" } }`
  await assert.rejects(apply(moved('kept')), /providers\.rented\.api_key: is kept for another vendor, address/)
  assert.deepEqual(secretsOf(last())[0]?.at(1), 'https://rented.example/v1')
  await apply(moved('sk-third-credential-0003'))
  assert.deepEqual(secretsOf(last()), [['rented', 'https://elsewhere.example/v1', 'store', 'sk-third-credential-0003']])
  // Somebody else makes the account while the file is applied: nothing of the file is kept.
  Object.assign(desk.ports.store, {
    together: async () => {
      throw new Problem('conflict', { message: 'There is already an account named "late".' })
    },
  })
  await assert.rejects(
    apply(`${moved('sk-fourth-credential-0004')}\naccounts: { late: { billing: prepaid } }`),
    /already an account/,
  )
  assert.equal(secretsOf(last())[0]?.at(-1), 'sk-third-credential-0003')
})

test('headers are kept as credentials are, whatever they are called, and are known again by their names', async (context) => {
  const { desk, apply, last } = await openRoom(context)
  const withHeaders = (headers: string) =>
    `providers: { rented: { vendor: openai, base_url: "https://rented.example/v1", api_key: "${credential}", headers: { ${headers} } } }`
  await apply(withHeaders('X-Auth: of-a-gateway-0001, x-trace: "on"'))
  const [provider] = last().providers
  const revealed = Object.entries(provider?.headers ?? {}).map(([name, value]) => [name, value.reveal()])
  assert.deepEqual(revealed, [
    ['x-auth', 'of-a-gateway-0001'],
    ['x-trace', 'on'],
  ])
  const { file: exported } = (await desk.run('export list')) as { readonly file: string }
  assert.match(exported, /x-auth: kept\n {6}x-trace: kept/)
  assert.ok(!JSON.stringify(await desk.store.trail({ limit: 100, after: null })).includes('of-a-gateway'))
  assert.deepEqual((await apply(exported)).changes, [])
  const changed = await apply(withHeaders('x-auth: kept, x-trace: "off"'))
  assert.deepEqual(changed.changes[0]?.detail, ['credentials: set'])
  assert.equal(last().providers[0]?.headers['x-auth']?.reveal(), 'of-a-gateway-0001')
  await assert.rejects(apply(withHeaders('x-other: kept')), /headers\.x-other: is none that is kept: give its value/)
  await assert.rejects(apply(withHeaders('"x other": a')), /must be the name of an HTTP header/)
})

test('what is removed is gone with its credential; a provider that a model names stays', async (context) => {
  const { desk, apply, last } = await openRoom(context)
  await apply(file())
  await assert.rejects(desk.run('providers remove', { name: 'rented' }), /'rented' is named by what was applied: fast/)
  await assert.rejects(desk.run('providers remove', { name: 'house' }), /No provider 'house' was applied/)
  await desk.run('models remove', { id: 'fast' })
  await desk.run('providers remove', { name: 'rented' })
  assert.deepEqual([last(), await desk.store.applied()], [{ providers: [], models: [] }, []])
  const trail = await desk.store.trail({ limit: 100, after: null })
  assert.deepEqual(
    trail.map(({ operation }) => operation).filter((name) => /^(providers|models)\./.test(name)),
    ['providers.create', 'models.create', 'models.remove', 'providers.remove'],
  )
})

const inProviders = (entry: string) => `providers: { p: { vendor: openai, ${entry} } }`
const refusals: readonly (readonly [string, RegExp])[] = [
  [inProviders('api_key: "env:HOUSE_KEY"'), /p\.api_key: refers to this server's secrets \('env:'\)/],
  [inProviders('api_keys: ["file:/run/secrets/x"]'), /p\.api_keys\[0\]: refers to this server's secrets \('file:'\)/],
  [inProviders('api_key: "vault:a#b"'), /p\.api_key: refers to this server's secrets \('vault:'\)/],
  [inProviders('api_key: abcdefgh, headers: { x-trace: "env:HOME" }'), /p\.headers\.x-trace: refers to this server's/],
  [inProviders('api_key: abcdefgh, ca_file: /etc/ssl/x.pem'), /p\.ca_file: names a file of this server/],
  [inProviders('api_key: abcdefgh, proxy: "http://10.0.0.1:3128"'), /p\.proxy: names a way through this server's/],
  [inProviders('base_url: "https://x.example/v1"'), /providers\.p: needs 'api_key': vendor 'openai' asks for one/],
  [inProviders('api_key: kept'), /p\.api_key: says that a credential is kept, and there is none/],
  [inProviders('api_key: abcdefgh, base_ulr: "https://x"'), /p\.base_ulr: unknown key; did you mean 'base_url'/],
  [
    inProviders('api_key: abcdefgh, base_url: "https://x.example/v1", own_credentials: true'),
    /p\.own_credentials: may be said only where the address is the vendor's own/,
  ],
  ['providers: { p: { vendor: nobody, api_key: abcdefgh } }', /providers\.p\.vendor: 'nobody' is no vendor/],
  ['providers: { house: { vendor: openai, api_key: abcdefgh } }', /providers\.house: is declared in drover\.yaml/],
  ['providers: { sandbox: { vendor: openai, api_key: abcdefgh } }', /providers\.sandbox: is the sandbox/],
  ['models: { house-model: { targets: [{ provider: house, model: x }] } }', /models\.house-model: is declared in/],
  ['models: { in-house: { targets: [{ provider: house, model: x }] } }', /'in-house' already means the model 'house/],
  ['models: { m: { targets: [{ provider: hause, model: x }] } }', /there is no provider 'hause'; did you mean 'house'/],
  ['models: { m: { aliases: [house-model], targets: [{ provider: house, model: x }] } }', /already means the model/],
  ['models: { m: { targets: [] } }', /models\.m\.targets: needs at least one target/],
]

test('what would reach for secrets of the server, or means something else already, is refused with its place, and nothing is kept', async (context) => {
  const { desk, apply } = await openRoom(context)
  for (const [text, message] of refusals) {
    const whole = `plans: { made: { rpm: 1 } }\n${text}`
    await assert.rejects(
      apply(whole),
      (thrown) =>
        thrown instanceof Problem && message.test(thrown.message) && !/sk-of-the-house|abcdefgh/.test(thrown.message),
      text,
    )
  }
  assert.deepEqual([await desk.store.applied(), await desk.store.plans()], [[], []])
})

test('private addresses are for those on the machine, unless drover.yaml says otherwise; what stands is no new wish', async (context) => {
  const afar: Actor = { name: 'key:key_afar', scopes: ['read', 'write', 'secrets'] }
  const inside = 'providers: { inside: { vendor: vllm, base_url: "http://10.0.0.5:8000/v1", allow_private: true } }'
  const { desk, apply } = await openRoom(context)
  await assert.rejects(desk.with(afar, 'apply run', { file: inside }), /inside\.allow_private: would open the private/)
  await desk.with({ ...afar, isHere: true }, 'apply run', { file: inside })
  await apply(inside)
  const again = await desk.with(afar, 'apply run', { file: inside })
  assert.deepEqual([again['changes'], again['unchanged']], [[], 1])
  const open = await openRoom(context, `${yaml}applied: { allow_private: true }\n`)
  await open.desk.with(afar, 'apply run', { file: inside })
  assert.equal((await open.desk.store.applied()).length, 1)
})

test('a row that was altered in the store, or sealed under another key, sends no credential anywhere', async (context) => {
  const { desk, apply, parts } = await openRoom(context)
  await apply(file())
  const rows = await desk.store.applied()
  const provider = rows.find(({ kind }) => kind === 'provider')
  assert.ok(provider !== undefined)
  const trail = (id: string) => ({
    id,
    timeMs: deskStartMs,
    actor: 'local',
    operation: 'providers.set',
    object: 'rented',
    before: null,
    after: null,
    requestId: null,
  })
  const altered = provider.document.replace('rented.example', 'thief.example')
  await desk.store.setApplied([{ row: { ...provider, document: altered }, trail: trail('trl_altered') }])
  const given: Declared[] = []
  const live = { appliedChanged: (applied: Declared) => void given.push(applied) }
  await openApplied({ ...parts, live }).refresh()
  assert.deepEqual(given.at(-1)?.providers, [])
  await desk.store.setApplied([{ row: provider, trail: trail('trl_back') }])
  const otherKey = new Uint8Array(32).fill(7)
  const vault = appliedVault(makeSeal(otherKey, systemIds(desk.clock), 'applied providers'), (value) =>
    digestKey(value, otherKey),
  )
  await openApplied({ ...parts, live, vault }).refresh()
  assert.deepEqual(given.at(-1)?.providers, [])
  assert.deepEqual(
    given.at(-1)?.models.map(({ id }) => id),
    ['fast'],
  )
})

test('what cannot be read any more is left out, and the rest is in force; what the first version wrote is read', async (context) => {
  const { desk, parts } = await openRoom(context)
  const trail = {
    id: 'trl_1',
    timeMs: deskStartMs,
    actor: 'local',
    operation: 'models.set',
    object: 'm',
    before: null,
    after: null,
    requestId: null,
  }
  const row = { kind: 'model' as const, sealed: null, digest: null, sealedMs: null, changedMs: 1 }
  const first =
    '{"aliases":["a"],"targets":[{"provider":"house","model":"x","weight":3,"tier":2,"params":"strict","region":"eu","data_policy":"no_training","for":{"plans":["pro"]},"cost":{"input":"0.5"}}],"fallbacks":["house-model"],"route":{"strategy":"cheapest","retries":1,"timeout":{"total":"5m"}},"price":"free"}'
  await desk.store.setApplied([
    { row: { ...row, name: 'old', document: first }, trail },
    { row: { ...row, name: 'new', document: '{"of":"another time"}' }, trail: { ...trail, id: 'trl_2' } },
  ])
  const given: Declared[] = []
  await openApplied({ ...parts, live: { appliedChanged: (applied) => void given.push(applied) } }).refresh()
  const [model] = given.at(-1)?.models ?? []
  assert.deepEqual(
    [given.at(-1)?.models.length, model?.id, model?.route.strategy, model?.targets[0]?.scope?.plans, model?.price],
    [1, 'old', 'cheapest', ['pro'], 'free'],
  )
})
