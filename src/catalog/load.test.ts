import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { CatalogFile } from './load.ts'
import { catalogOf, loadCatalog } from './load.ts'

const acme = {
  vendor: 'acme',
  name: 'Acme',
  docs: 'https://acme.example/docs',
  sources: { page: { url: 'https://acme.example/models', read: '2026-11-22' } },
  rules: {
    cool: { source: 'page', parameters: { temperature: { min: 0, max: 1 }, max_tokens: { rename: 'max_out' } } },
  },
  models: [
    {
      id: 'anvil-2',
      name: 'Anvil 2',
      aliases: ['anvil'],
      other_ids: ['anvil-2-latest'],
      context_tokens: 8192,
      capabilities: { tools: true },
      rules: ['cool'],
      released: '2026-01-02',
      source: 'page',
      prices: [{ currency: 'USD', input: '0.5', output: '1', source: 'page' }],
    },
    { id: 'anvil-1', retires: '2026-03-01', successor: 'anvil-2', lifecycle_source: 'page', source: 'page' },
  ],
}

type Acme = typeof acme

const filed = (value: unknown, name = 'acme.json'): CatalogFile => ({ name, text: JSON.stringify(value) })

const changed = (change: (file: Acme) => void): CatalogFile => {
  const copy = structuredClone(acme)
  change(copy)
  return filed(copy)
}

const faultOf = (files: readonly CatalogFile[]): string => {
  try {
    catalogOf(files)
  } catch (error) {
    assert.ok(error instanceof Problem)
    assert.equal(error.code, 'internal_error')
    return error.message
  }
  throw new assert.AssertionError({ message: 'the catalog was accepted' })
}

test('a file becomes frozen models with integers, milliseconds and merged rules', () => {
  const catalog = catalogOf([filed(acme)])
  const named = catalog.byVendor.get('acme')?.byName.get('anvil')
  assert.equal(named?.sendAs, 'anvil-2')
  assert.equal(catalog.byVendor.get('acme')?.byName.get('anvil-2-latest')?.sendAs, 'anvil-2-latest')
  const model = named?.model
  assert.ok(model !== undefined)
  assert.ok(Object.isFrozen(model) && Object.isFrozen(model.priceRows) && Object.isFrozen(model.rules))
  assert.equal(model.priceRows[0]?.rates.input, 500_000_000n)
  assert.equal(model.priceRows[0]?.rates.cachedInput, null)
  assert.equal(model.priceRows[0]?.source, 'https://acme.example/models')
  assert.equal(model.releasedMs, Date.UTC(2026, 0, 2))
  assert.deepEqual(model.rules, { temperature: [{ min: 0, max: 1 }], max_tokens: [{ rename: 'max_out' }] })
  assert.deepEqual(model.inputModalities, ['text'])
  assert.equal(model.outputTokensMax, null)
})

test('conditional rules keep their order, and values are JSON texts', () => {
  const catalog = catalogOf([
    changed((file) => {
      Object.assign(file.rules, {
        cool: {
          source: 'page',
          parameters: {
            temperature: [{ when: { 'thinking.type': ['off', null] }, free: true }, { fixed: 1 }],
            tool_choice: { choices: ['auto'], instead: 'auto' },
          },
        },
      })
    }),
  ])
  assert.deepEqual(catalog.byVendor.get('acme')?.byName.get('anvil')?.model.rules, {
    temperature: [{ when: { 'thinking.type': ['"off"', 'null'] }, free: true }, { fixed: '1' }],
    tool_choice: [{ choices: ['"auto"'], instead: '"auto"' }],
  })
})

test('an entry like the maker’s takes its facts and rules, but not its prices and end', () => {
  const host = {
    vendor: 'barn',
    name: 'Barn',
    host: true,
    docs: 'https://barn.example',
    sources: acme.sources,
    models: [{ id: 'anvil', like: 'acme/anvil-2', context_tokens: 4096, source: 'page' }],
  }
  // The host sorts before the maker by name only if it is not read after it.
  const catalog = catalogOf([filed({ ...host, vendor: 'aaa' }, 'aaa.json'), filed(acme)])
  const model = catalog.byVendor.get('aaa')?.byName.get('anvil')?.model
  assert.equal(model?.name, 'Anvil 2')
  assert.equal(model?.contextTokens, 4096)
  assert.deepEqual(model?.capabilities, { tools: true })
  assert.deepEqual(Object.keys(model?.rules ?? {}), ['temperature', 'max_tokens'])
  assert.deepEqual(model?.priceRows, [])
  assert.deepEqual(
    catalog.vendors.map((vendor) => vendor.name),
    ['acme', 'aaa'],
  )
})

test('whatever is wrong names the file and the path', () => {
  const cases: readonly (readonly [CatalogFile, RegExp])[] = [
    [{ name: 'acme.json', text: '{' }, /acme\.json: not JSON/],
    [filed({ ...acme, colour: 'red' }), /acme\.json.*colour/],
    [filed(acme, 'other.json'), /other\.json, vendor/],
    [changed((file) => Object.assign(file.models[0] ?? {}, { context_tokens: '8k' })), /models\[0\]\.context_tokens/],
    [
      changed((file) => Object.assign(file.models[0]?.prices?.[0] ?? {}, { input: 0.5 })),
      /models\[0\]\.prices\[0\]\.input/,
    ],
    [
      changed((file) => Object.assign(file.models[0]?.prices?.[0] ?? {}, { input: '1e3' })),
      /models\[0\] \(anvil-2\): prices\[0\]: input/,
    ],
    [
      changed((file) => Object.assign(file.models[0]?.prices?.[0] ?? {}, { input: '-1' })),
      /prices\[0\]: input: a price is not negative/,
    ],
    [
      changed((file) => Object.assign(file.models[0]?.prices?.[0] ?? {}, { source: 'rumour' })),
      /prices\[0\]: source: "rumour"/,
    ],
    [
      changed((file) => Object.assign(file.models[0]?.prices?.[0] ?? {}, { window: 'night' })),
      /prices\[0\]: window: "night"/,
    ],
    [
      changed((file) => file.models[0]?.prices?.push({ currency: 'USD', input: '2', output: '3', source: 'page' })),
      /prices\[1\]: rates the same calls as prices\[0\]/,
    ],
    [
      changed((file) => Object.assign(file.models[1] ?? {}, { successor: 'anvil-9' })),
      /models\[1\]\.successor: "anvil-9"/,
    ],
    [
      changed((file) => Object.assign(file.models[1] ?? {}, { lifecycle_source: undefined })),
      /"retires" needs a "lifecycle_source"/,
    ],
    [changed((file) => Object.assign(file.models[1] ?? {}, { aliases: ['anvil'] })), /"anvil" already names anvil-2/],
    [changed((file) => Object.assign(file.models[0] ?? {}, { rules: ['hot'] })), /rule set "hot"/],
    [changed((file) => Object.assign(file.models[0] ?? {}, { like: 'acme/none' })), /like "acme\/none"/],
    [
      changed((file) => Object.assign(file.rules.cool.parameters, { top_p: { fixed: 1, ignored: true } })),
      /rules\.cool\.parameters\.top_p: a rule must say exactly one/,
    ],
    [
      changed((file) => Object.assign(file.rules.cool.parameters, { top_p: { min: 1 } })),
      /top_p: "min" and "max" go together/,
    ],
  ]
  for (const [file, expected] of cases) assert.match(faultOf([file]), expected)
})

test('two vendors cannot share a name', () => {
  const second = { ...acme, vendor: 'zinc', also: ['acme'] }
  assert.match(faultOf([filed(acme), filed(second, 'zinc.json')]), /"acme" already names a vendor/)
})

test('a directory that is missing or holds no catalog is a fault that names it', async () => {
  await assert.rejects(loadCatalog(new URL('./no-such-directory', import.meta.url)), /no-such-directory/)
  await assert.rejects(loadCatalog(new URL('.', import.meta.url)), /0 files where 1 to 200 are expected/)
})
