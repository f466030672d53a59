import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import type { VendorFacts } from './config.ts'
import { readConfig } from './load.ts'

const plain: Omit<VendorFacts, 'name' | 'title' | 'baseUrl'> = {
  regions: {},
  regionCurrencies: {},
  keyEnv: ['KEY'],
  keyless: false,
  local: false,
  options: {},
  protocols: ['openai-chat'],
}
const regions = { cn: 'https://cn.maker.example/v1' }
const vendors: readonly VendorFacts[] = [
  { ...plain, name: 'maker', title: 'Maker', baseUrl: 'https://api.maker.example/v1', regions },
  { ...plain, name: 'resources', title: 'Resources', baseUrl: null },
  { ...plain, name: 'machines', title: 'Machines', baseUrl: 'https://machines.example/v1', keyless: true },
]

test('customers may bring credentials where the address is the vendor’s own and asks for a key, or the operator says so', async () => {
  const text = `
providers:
  own: { vendor: maker }
  region: { vendor: maker, region: cn }
  path: { vendor: maker, base_url: "https://cn.maker.example/other" }
  elsewhere: { vendor: maker, base_url: "https://gpus.example/v1" }
  private: { vendor: maker, base_url: "http://127.0.0.1:1/v1", allow_private: true }
  resource: { vendor: resources, base_url: "https://mine.example/openai" }
  vouched: { vendor: resources, base_url: "https://mine.example/openai", own_credentials: true }
  keyless: { vendor: machines }
  refused: { vendor: maker, own_credentials: false }
`
  const read = { workingFolder: tmpdir(), environment: { KEY: 'a-key' }, vendors }
  const loaded = await readConfig({ text, file: 'drover.yaml' }, read)
  assert.ok(loaded.ok)
  const taking = loaded.config.providers.filter(({ ownCredentials }) => ownCredentials).map(({ name }) => name)
  assert.deepEqual(taking, ['own', 'region', 'path', 'vouched'])
  const detected = await readConfig({ text: '', file: 'drover.yaml' }, read)
  assert.ok(detected.ok)
  assert.deepEqual(
    detected.config.providers.map(({ name, ownCredentials }) => [name, ownCredentials]),
    [
      ['maker', true],
      ['machines', false],
    ],
  )
})
