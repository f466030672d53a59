import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Reference } from '#base/settings.ts'
import { referenceOf } from '#base/settings.ts'
import { makeSecretKeeper } from './keeper.ts'
import type { SecretPlace } from './place.ts'
import type { SecretPlaces } from './settings.ts'

const reference = (text: string): Reference => referenceOf(text) ?? assert.fail(text)
const key = reference('vault:llm#key')
const other = reference('vault:llm#other')

const room = () => {
  let nowMs = 0
  const kept = new Map([['llm', '{"key":"one","other":"two"}']])
  const state = { reads: 0, isAway: false }
  const vault: SecretPlace = {
    read: async (name) => {
      state.reads += 1
      if (state.isAway) throw new Problem('upstream_error', { message: 'Vault answered 503: sealed' })
      const text = kept.get(name)
      if (text === undefined) throw new Problem('not_found', { message: 'nothing there' })
      return text
    },
    write: async (name, change) => {
      if (state.isAway) throw new Problem('upstream_error', { message: 'Vault answered 503: sealed' })
      kept.set(name, change(kept.get(name) ?? null))
    },
  }
  const missing = { missing: 'nothing says where it is' }
  const keeper = makeSecretKeeper({
    placesFor: () => ({ vault, 'aws-sm': missing, 'gcp-sm': missing, 'azure-kv': missing }),
    nowMs: () => nowMs,
    closeWays: async () => {},
  })
  keeper.open({ refreshMs: 1 } as SecretPlaces)
  return {
    keeper,
    kept,
    state,
    pass: (ms: number): void => {
      nowMs += ms
    },
  }
}

test('fields of one secret are fetched once, and again when time has passed', async () => {
  const { keeper, state, pass } = room()
  assert.deepEqual([await keeper.read(key), await keeper.read(other)], ['one', 'two'])
  assert.equal(state.reads, 1)
  pass(60_000)
  await keeper.read(key)
  assert.equal(state.reads, 2)
})

test('a refresh says whether anything is another, and what is read then is the new value', async () => {
  const { keeper, kept, pass } = room()
  assert.equal(keeper.isUsed(), false)
  await keeper.read(key)
  assert.equal(keeper.isUsed(), true)
  pass(30_000)
  assert.equal(await keeper.refresh(), false)
  kept.set('llm', '{"key":"new"}')
  pass(30_000)
  assert.equal(await keeper.refresh(), true)
  assert.equal(await keeper.read(key), 'new')
  assert.equal(await keeper.refresh(), false)
})

test('while the place is away the last value stays, with a warning that says since when and why', async () => {
  const { keeper, kept, state, pass } = room()
  await keeper.read(key)
  state.isAway = true
  pass(30_000)
  assert.equal(await keeper.refresh(), false)
  pass(30_000)
  assert.equal(await keeper.read(key), 'one')
  assert.deepEqual(
    keeper.warnings().map(({ text }) => text),
    [
      'the secret vault:llm could not be fetched since 1970-01-01T00:00:30.000Z, the last value stays: Vault answered 503: sealed',
    ],
  )
  state.isAway = false
  kept.set('llm', '{"key":"rotated"}')
  assert.equal(await keeper.refresh(), true)
  assert.deepEqual(
    keeper.warnings().map(({ text }) => text),
    [],
  )
  state.isAway = true
  await assert.rejects(keeper.read(reference('vault:unknown#key')), /sealed/)
})

test('a place that is away is not asked again for a while, whoever reads', async () => {
  const { keeper, state, pass } = room()
  await keeper.read(key)
  state.isAway = true
  pass(30_000)
  await keeper.read(key)
  assert.equal(state.reads, 2)
  pass(59_000)
  assert.deepEqual([await keeper.read(key), await keeper.read(other), state.reads], ['one', 'two', 2])
  pass(2_000)
  await keeper.read(key)
  assert.equal(state.reads, 3)
})

test('what another place held is not given any more, and is in force once the new one answers', async () => {
  const { keeper, kept, state } = room()
  await keeper.read(key)
  state.isAway = true
  keeper.open({ refreshMs: 2 } as SecretPlaces)
  await assert.rejects(keeper.read(key), /sealed/)
  assert.equal(await keeper.refresh(), false)
  state.isAway = false
  assert.equal(await keeper.refresh(), true, 'the same value, of the place that is meant')
  assert.equal(await keeper.refresh(), false)
  kept.set('llm', '{"key":"new"}')
  keeper.open({ refreshMs: 3 } as SecretPlaces)
  assert.equal(await keeper.read(key), 'new')
})

test('what no configuration names any more is not fetched any more', async () => {
  const { keeper, kept, state } = room()
  kept.set('gone', 'x')
  await keeper.read(key)
  await keeper.read(reference('vault:gone'))
  keeper.keepOnly([other])
  await keeper.refresh()
  assert.equal(state.reads, 3)
  keeper.keepOnly([])
  assert.equal(keeper.isUsed(), false)
})

test('what was deleted there stays known too, until it is put back; what never was is refused', async () => {
  const { keeper, kept, pass } = room()
  await keeper.read(key)
  kept.delete('llm')
  pass(30_000)
  assert.equal(await keeper.refresh(), false)
  assert.equal(await keeper.read(key), 'one')
  await assert.rejects(keeper.read(reference('vault:never')), /nothing there/)
})

test('a place that is not configured says what is missing; one that is written to is read anew', async () => {
  const { keeper, kept, state } = room()
  await assert.rejects(keeper.read(reference('aws-sm:x')), /nothing says where it is/)
  await assert.rejects(keeper.tryWrite(reference('aws-sm:x')), /nothing says where it is/)
  await keeper.read(key)
  for (const text of ['vault:llm#key', 'vault:new', 'vault:new#key']) await keeper.tryWrite(reference(text))
  kept.set('plain', 's3cret')
  await assert.rejects(keeper.tryWrite(reference('vault:plain#key')), /no field can be put beside that/)
  state.isAway = true
  await assert.rejects(keeper.tryWrite(reference('vault:llm#key')), /sealed/)
  state.isAway = false
  assert.deepEqual([kept.get('llm'), kept.has('new')], ['{"key":"one","other":"two"}', false])
  await keeper.write(reference('vault:llm#key'), 'written')
  assert.deepEqual([await keeper.read(key), await keeper.read(other)], ['written', 'two'])
})

test('places are opened anew only where something of them is another, a secret too', () => {
  let opened = 0
  const missing = { missing: 'nothing says where it is' }
  const keeper = makeSecretKeeper({
    placesFor: () => {
      opened += 1
      return { vault: missing, 'aws-sm': missing, 'gcp-sm': missing, 'azure-kv': missing }
    },
    nowMs: () => 0,
    closeWays: async () => {},
  })
  const places = (token: string): SecretPlaces => ({
    vault: {
      allowPrivate: false,
      certificateAuthorities: null,
      address: 'https://v.example',
      namespace: null,
      mount: 'secret',
      token: new Secret(token),
      appRole: null,
    },
    aws: missing,
    gcp: missing,
    azure: missing,
    refreshMs: 1,
  })
  for (const token of ['a', 'a', 'b', 'b']) keeper.open(places(token))
  assert.equal(opened, 2)
})
