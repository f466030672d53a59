// The register of docs/trust.json names tests that there are, and leaves out nothing that has an identifier.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import type { TrustRow } from './docs/trust-page.ts'

const root = join(import.meta.dirname, '..')
const { rows } = JSON.parse(readFileSync(join(root, 'docs/trust.json'), 'utf8')) as {
  readonly rows: readonly TrustRow[]
}

/** What a programme of trust has to speak of: each has a row, and be it one that says why there is nothing to show. */
const due: readonly string[] = [
  ...Array.from({ length: 14 }, (_, place) => `I${place + 1}`),
  ...[
    'upstream-cut',
    'upstream-slow',
    'bad-json',
    'upstream-storm',
    'dns',
    'tls',
    'client-leaves',
    'slow-readers',
    'slowloris',
    'kill-relay',
    'kill-store',
    'redis-away',
    'disk',
    'clock',
    'partition',
    'packet-loss',
    'pressure',
    'bad-config',
    'rolling',
  ].map((name) => `F-${name}`),
  ...['last-money', 'redeem', 'payment-event', 'revoked-key', 'budget-lowered', 'partition'].map((name) => `R-${name}`),
  ...['smuggling', 'ssrf', 'stream-parsers', 'notices'].map((name) => `A-${name}`),
  ...['simulation', 'model', 'torture', 'soak', 'overload', 'coverage'].map((name) => `P-${name}`),
  ...[
    '2026-42208',
    '2026-42271',
    '2026-48710',
    '2026-49468',
    '2026-35030',
    '2026-35029',
    '2026-42203',
    '2026-40217',
    '2024-2952',
    '2024-6587',
  ].map((number) => `CVE-${number}`),
  ...[
    '2026-41432',
    '2026-71479',
    '2026-64865',
    '2026-11465',
    '2025-59146',
    '2025-62155',
    '2026-42339',
    '2026-33655',
    '2026-64868',
  ].map((number) => `CVE-${number}`),
  ...[
    '2026-64859',
    '2026-64866',
    '2026-32879',
    '2026-30886',
    '2026-44342',
    '2026-25802',
    '2026-25591',
    '2025-66405',
  ].map((number) => `CVE-${number}`),
  ...['2026-45401', '2026-45400', '2026-45339', '2026-45349', '2026-44562', '2026-44563', '2026-45671'].map(
    (number) => `CVE-${number}`,
  ),
  ...['2025-3248', '2026-33017', '2025-34291', '2026-41947', '2026-41950', '2026-54308'].map(
    (number) => `CVE-${number}`,
  ),
  ...[
    'GHSA-69x8-hrgq-fjj8',
    'LITELLM-2026-03-18',
    'LITELLM-2026-PRICES',
    'LITELLM-PYPI',
    'NEWAPI-6607',
    'NEWAPI-6609',
    'ONEAPI-2440',
    'ONEAPI-2387',
    'ONEAPI-2388',
    'SUB2API-6169',
  ],
  ...[
    'PORTKEY-1718',
    'PORTKEY-1596',
    'PORTKEY-1507',
    'OMNIROUTE-10103',
    'CLIRELAY-210',
    'ARXIV-2604.08407',
    'ARXIV-2603.01919',
  ],
]

test('every identifier has one row, and no row is about nothing', () => {
  const ids = rows.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length, 'an identifier has two rows')
  assert.deepEqual(
    due.filter((id) => !ids.includes(id)),
    [],
    'these have no row',
  )
  assert.deepEqual(
    ids.filter((id) => !due.includes(id)),
    [],
    'these are not due',
  )
})

test('every row names tests that there are, or says why there is none', () => {
  for (const { id, files, gap, command = '' } of rows) {
    assert.ok(files.length > 0 || gap !== undefined, `${id} has neither a test nor a reason`)
    for (const file of files) assert.ok(existsSync(join(root, file)), `${id}: there is no ${file}`)
    for (const [path] of command.matchAll(/\b(?:src|test|docs|tools|web)\/[\w./-]+\.ts\b/g))
      assert.ok(existsSync(join(root, path)), `${id}: its command names ${path}, which there is not`)
    for (const [, script] of command.matchAll(/npm run ([\w:-]+)/g)) {
      const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
        readonly scripts: Readonly<Record<string, string>>
      }
      assert.ok(script !== undefined && script in scripts, `${id}: there is no npm run ${script}`)
    }
  }
})
