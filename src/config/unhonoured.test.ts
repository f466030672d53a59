import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './load.ts'

const local = { baseUrl: null, regions: {}, regionCurrencies: {}, keyEnv: [], keyless: true, local: false, options: {} }
const vendors = [{ name: 'openai-compatible', title: 'any', ...local }]

const warningsOf = async (route: string, more = ''): Promise<readonly string[]> => {
  const text = `providers:
  a: { vendor: openai-compatible, base_url: "http://127.0.0.1:1/v1", allow_private: true }
models:
  m: { targets: [{ provider: a, model: m }]${route} }
${more}`
  const loaded = await readConfig({ text, file: 'drover.yaml' }, { workingFolder: '/', environment: {}, vendors })
  assert.ok(loaded.ok)
  return loaded.config.warnings.map(({ path, line }) => `${path}:${line}`)
}

test('what is set and not acted on is said, with its place; defaults say nothing', async () => {
  assert.deepEqual(await warningsOf(''), [])
  assert.deepEqual(await warningsOf(', route: { strategy: fallback }'), [])
  assert.deepEqual(await warningsOf(', route: { strategy: cheapest, hedge_after: 2s }', 'retention: { calls: 30d }'), [
    'retention:5',
  ])
})
