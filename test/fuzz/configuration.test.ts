/** Configuration files that were changed by accident: read, or refused with where and why, and never a model that has become free. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { readConfig } from '#config/load.ts'
import { makeChance } from '../e2e/chance.ts'
import { changed, fuzzRuns, fuzzSeed } from './change.ts'

const file = `server: { port: 4100, body_limit: 20mb, trusted_proxies: ["127.0.0.0/8"], drain_timeout: 30s }
providers:
  own: { vendor: openai-compatible, base_url: "http://127.0.0.1:8000/v1", allow_private: true, region: eu }
models:
  sold: { targets: [{ provider: own, model: a, weight: 2 }], price: { input: "1.00", output: "2.00" } }
  large: { targets: [{ provider: own, model: b }], fallbacks: [sold], price: { input: "3.00", output: "9.50" } }
regions: { default_allowed: [eu, us] }
`
const splices = [
  '\t',
  '  ',
  ': ',
  '- ',
  '&a ',
  '*a',
  '!!js ',
  '<<: *a',
  '|',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  '#',
  '\0',
  '\ufeff',
  '-1',
  '1e400',
  '0x7f',
  '~',
  'null',
  'yes',
  '\u{1f600}',
  'price: ',
  'free',
  '\n---\n',
  '? ',
  '%YAML 9',
  'env:NOPE',
  '..',
  '\u2028',
]
const environment = { OPENAI_API_KEY: 'key' }
const vendor = {
  ...{ name: 'openai-compatible', title: 'any', baseUrl: null, regions: {}, regionCurrencies: {}, keyEnv: [] },
  ...{ keyless: true, local: false, options: {}, protocols: ['openai-chat' as const] },
}
const read = (text: string) =>
  readConfig({ text, file: 'drover.yaml' }, { workingFolder: tmpdir(), environment, vendors: [vendor] })

test('the file that is changed is a good one', async () => {
  const loaded = await read(file)
  assert.deepEqual(loaded.ok ? [] : loaded.faults, [])
})

test(`a changed file is read, or every fault in it says where and what (seed ${fuzzSeed})`, async () => {
  const chance = makeChance(fuzzSeed)
  for (let run = 0; run < fuzzRuns(80); run += 1) {
    const text = changed(Buffer.from(file), { chance, splices }).toString()
    const loaded = await read(text)
    if (!loaded.ok) assert.ok(loaded.faults.length > 0, `no reason is given for ${JSON.stringify(text)}`)
    else if (!text.includes('free'))
      for (const { price } of loaded.config.models) assert.notEqual(price, 'free', JSON.stringify(text))
  }
})
