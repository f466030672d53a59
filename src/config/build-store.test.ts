import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsText } from './fault.ts'
import { readConfig } from './load.ts'

const reading = (text: string) =>
  readConfig(
    { text, file: 'drover.yaml' },
    {
      workingFolder: '/',
      environment: { URL: 'postgres://drover:hidden@db/x', SECRET: 'k'.repeat(40) },
      vendors: [],
    },
  )

const faultOf = async (text: string): Promise<string> => {
  const loaded = await reading(text)
  return loaded.ok ? '' : faultsText(loaded.faults)
}

test('Postgres is named by a reference, whose secret shows nowhere, with what its nodes agree on', async () => {
  const loaded = await reading(
    'store: { url: "env:URL" }\nsecrets: { key: "env:SECRET" }\ncluster: { stale_max: 5s, lease_abandon_after: 1h }\n',
  )
  assert.ok(loaded.ok, loaded.ok ? '' : faultsText(loaded.faults))
  const { store, cluster } = loaded.config
  assert.equal(store.postgres?.url.reveal(), 'postgres://drover:hidden@db/x')
  assert.equal(store.postgres?.directUrl, null)
  assert.equal(store.file, null)
  assert.deepEqual(cluster, { staleMaxMs: 5000, leaseAbandonAfterMs: 3_600_000, redis: null })
  assert.ok(!JSON.stringify(loaded.config).includes('hidden'))
})

test('what several nodes need is asked for', async () => {
  assert.match(await faultOf('store: { url: "env:URL" }\n'), /secrets\.key: is needed with Postgres/)
})

test('a block about several nodes is of no use to one, which is said and not refused', async () => {
  const loaded = await reading('cluster: { redis: "redis://127.0.0.1:6379", stale_max: 5s }\n')
  assert.ok(loaded.ok)
  assert.equal(loaded.config.cluster.redis, null)
  assert.match(faultsText(loaded.config.warnings), /1:10 cluster: is not used: it is about several nodes/)
})

test('a search by vectors needs a store that has one, a threshold that means something, and somebody', async () => {
  const onPostgres = 'store: { url: "env:URL" }\nsecrets: { key: "env:SECRET" }\n'
  const loaded = await reading(`${onPostgres}semantic_cache: { embeddings: e, for: { keys: [faq] } }\n`)
  assert.deepEqual(loaded.ok && loaded.config.similar, {
    embeddings: 'e',
    threshold: 0.97,
    lifetimeMs: 3_600_000,
    scope: { keys: ['faq'], projects: null },
  })
  assert.match(await faultOf('semantic_cache: { embeddings: e }\n'), /needs an engine that searches by vectors/)
  const weak = await faultOf(`${onPostgres}semantic_cache: { embeddings: e, threshold: 0.5, for: {} }\n`)
  assert.match(weak, /threshold: must be 0\.9 or more/)
  assert.match(weak, /for: names nobody/)
})
