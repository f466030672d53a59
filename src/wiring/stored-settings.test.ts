/** What a command sees of a store that is being served: what was applied, and migrations whose match fits nothing. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { readConfig } from '#config/load.ts'
import { vendors } from '#provider/index.ts'
import { makeSeal } from '#secret/seal.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { openTestStore } from '#store/sqlite/test-store.ts'
import { appliedVault } from './applied-vault.ts'
import type { Machine } from './machine.ts'
import { storedSettings } from './stored-settings.ts'

const secret = new Uint8Array(32).fill(7)
const baseUrl = 'https://rented.example/v1'
const place = { name: 'rented', vendor: 'openai', baseUrl, options: {} }

const openFolder = async (context: { readonly after: (end: () => void) => void }) => {
  const data = mkdtempSync(join(tmpdir(), 'drover-stored-'))
  context.after(() => rmSync(data, { recursive: true }))
  const clock = handClock(1_000)
  const machine = { clock, ids: systemIds(clock) } as Partial<Machine> as Machine
  const text = `migrations: { dir: ${data}/declared }\n`
  const loaded = await readConfig({ text, file: 'drover.yaml' }, { workingFolder: '/', environment: {}, vendors })
  assert.ok(loaded.ok)
  const { config } = loaded
  return { data, clock, look: () => storedSettings(machine, { config, data }) }
}

test('of a store that is served what was applied is read with its credentials, and what is not in order is named', async (context) => {
  const { data, clock, look } = await openFolder(context)
  assert.deepEqual(await look(), { providers: [], models: [], leftOut: [], lost: [] }, 'there is no store yet')
  writeFileSync(join(data, 'secret.key'), secret)
  mkdirSync(join(data, 'declared'))
  const match = 'models: [m], keys: ["nobody-*"], projects: [prj_gone]'
  const arms = 'baseline: { route: a/m }\ncandidate: { route: b/m }'
  writeFileSync(join(data, 'declared', 'move.yaml'), `migration: move\nmatch: { ${match} }\n${arms}\n`)
  const store = await openTestStore(clock, join(data, 'drover.db'))
  const row = { digest: null, sealedMs: 5, changedMs: 5 }
  const sealedBy = (key: Uint8Array, name: string) =>
    appliedVault(makeSeal(key, systemIds(clock), 'applied providers'), (value) => value).close(
      { ...place, name },
      { keys: ['sk-of-it'], headers: {} },
    )
  const provider = JSON.stringify({ vendor: 'openai', base_url: baseUrl })
  const rows = [
    { ...row, kind: 'provider' as const, name: 'rented', document: provider, sealed: sealedBy(secret, 'rented') },
    {
      ...row,
      kind: 'provider' as const,
      name: 'other',
      document: provider,
      sealed: sealedBy(new Uint8Array(32), 'other'),
    },
    {
      ...row,
      kind: 'model' as const,
      name: 'fast',
      document: '{"targets":[{"provider":"rented","model":"m"}]}',
      sealed: null,
    },
    { ...row, kind: 'model' as const, name: 'odd', document: '{"targets":7}', sealed: null },
  ]
  await store.setApplied(rows.map((one) => ({ row: one, trail: sampleTrail(`trl_${one.name}`) })))
  const { providers, models, leftOut, lost } = await look()
  assert.deepEqual(
    providers.map(({ name, credentials }) => [name, credentials.map((one) => one.secret.reveal())]),
    [['rented', ['sk-of-it']]],
  )
  assert.deepEqual(
    models.map(({ id }) => id),
    ['fast'],
  )
  assert.deepEqual(
    leftOut.map(({ kind, name }) => [kind, name]),
    [
      ['provider', 'other'],
      ['model', 'odd'],
    ],
  )
  assert.deepEqual([leftOut[0]?.why, /targets/.test(leftOut[1]?.why ?? '')], [null, true])
  assert.deepEqual(
    lost.map(({ migration, says }) => [migration, says.split(' ', 1)[0]]),
    [
      ['move', 'match.keys:'],
      ['move', 'match.projects:'],
    ],
  )
  await store.close()
})

test('a file that is no store is told of, and none is made', async (context) => {
  const { data, look } = await openFolder(context)
  writeFileSync(
    join(data, 'drover.db'),
    'not a database, but some text that is long enough to be read as a header of one',
  )
  await assert.rejects(look(), (thrown) => thrown instanceof Problem && thrown.code === 'store_unavailable')
})
