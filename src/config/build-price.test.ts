import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Loaded } from './config.ts'
import { faultsText } from './fault.ts'
import { readConfig } from './load.ts'

const read = (text: string): Promise<Loaded> =>
  readConfig({ text, file: 'drover.yaml' }, { workingFolder: '/', environment: {}, vendors: [] })

const good = async (text: string) => {
  const loaded = await read(text)
  assert.ok(loaded.ok, loaded.ok ? '' : faultsText(loaded.faults))
  return loaded.config
}

const faults = async (text: string): Promise<readonly string[]> => {
  const loaded = await read(text)
  return loaded.ok ? [] : loaded.faults.map(({ path, message }) => `${path}: ${message}`)
}

test('plans and bundles become rules in basis points', async () => {
  const { priceRules } = await good(`plans:
  pro: { discount: "12.5%", markup: "-3%" }
bundles:
  - { name: kimi-plus-claude, families: [kimi, claude], min_volume_usd: "100", discount: "15%" }
  - { name: nothing-off, families: [gpt], min_volume_usd: "0", discount: "0%" }
`)
  assert.deepEqual(
    priceRules.map(({ name, kind, basisPoints, scope, volumeMinNanoUsd }) => [
      name,
      kind,
      basisPoints,
      scope.plan ?? scope.families,
      volumeMinNanoUsd,
    ]),
    [
      ['plan "pro"', 'markup', -300, 'pro', null],
      ['plan "pro"', 'discount', 1_250, 'pro', null],
      ['bundle "kimi-plus-claude"', 'discount', 1_500, ['kimi', 'claude'], 100_000_000_000n],
      ['bundle "nothing-off"', 'discount', 0, ['gpt'], 0n],
    ],
  )
})

test('rates of exchange are dated and in integers', async () => {
  const { fxRates } = await good(`fx:
  CNY:
    - { rate: "7.10", from: 2026-01-01 }
    - { rate: "7.05", from: 2026-02-01, source: the bank }
`)
  assert.deepEqual(
    fxRates.map(({ perUsdNano, fromMs, source }) => [perUsdNano, new Date(fromMs).toISOString().slice(0, 10), source]),
    [
      [7_100_000_000n, '2026-01-01', 'drover.yaml'],
      [7_050_000_000n, '2026-02-01', 'the bank'],
    ],
  )
})

test('what cannot be a price is said with its place', async () => {
  const cases: ReadonlyArray<readonly [text: string, fault: RegExp]> = [
    ['fx: { CNY: [{ rate: "0", from: 2026-01-01 }] }', /fx\.CNY\[0\]\.rate: .*above zero/],
    ['fx: { CNY: [{ rate: 7.1, from: 2026-01-01 }] }', /fx\.CNY\[0\]\.rate: .*quotes/],
    ['fx: { EUR: [{ rate: "1.1", from: 2026-01-01 }] }', /fx.*CNY/],
    [
      'fx: { CNY: [{ rate: "7", from: 2026-01-01 }, { rate: "8", from: 2026-01-01 }] }',
      /fx\.CNY\[1\]\.from: 2026-01-01 has a rate already/,
    ],
    ['plans: { pro: { discount: "101%" } }', /plans\.pro\.discount: .*percentage/],
    ['plans: { pro: { discount: "1.234%" } }', /plans\.pro\.discount: .*2 digits/],
    ['plans: { pro: { discount: 15 } }', /plans\.pro\.discount: .*in quotes/],
    ['plans: { pro: { markup: "-101%" } }', /plans\.pro\.markup: .*percentage/],
    [
      'models: { m: { targets: [{ provider: a, model: m }], price: { input: "0", output: "0" } } }',
      /models\.m\.price: .*price: free/,
    ],
  ]
  for (const [text, fault] of cases) {
    const found = await faults(text)
    assert.ok(
      found.some((one) => fault.test(one)),
      `${text}\n${found.join('\n')}`,
    )
  }
})
