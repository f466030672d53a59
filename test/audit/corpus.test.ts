import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '#audit/audit.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import { loadCatalog } from '#catalog/load.ts'
import type { Judged, Score } from './corpus.ts'
import { judge, readCorpus } from './corpus.ts'

/** What is asked of each archive: recall and precision of the sites, and the share of their facts that are right. */
const floors: Readonly<Record<string, number>> = { python: 0.95, script: 0.95, go: 0.95 }
const otherFloor = 0.9

const catalog = await loadCatalog(new URL('../../catalog/', import.meta.url))

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole)
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`.padStart(8)

const sum = (scores: Iterable<Score>): Score => {
  const total: Score = { found: 0, missed: 0, extra: 0 }
  for (const { found, missed, extra } of scores) {
    total.found += found
    total.missed += missed
    total.extra += extra
  }
  return total
}

/** Precision and recall per language and kind, for whoever reads the run. */
const table = (judged: Judged): string =>
  [...judged.scores]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, { found, missed, extra }]) => {
      const recall = percent(share(found, found + missed))
      return `${key.padEnd(18)} recall ${recall}  precision ${percent(share(found, found + extra))}  (${found} found, ${missed} missed, ${extra} extra)`
    })
    .join('\n')

describe('the labelled corpus', () => {
  for (const corpus of readCorpus(new URL('./corpus/', import.meta.url))) {
    test(corpus.name, (context) => {
      const report = audit({
        source: memorySource(corpus.files),
        catalog,
        target: null,
        atMs: Date.UTC(2026, 10, 22),
        baseline: new Set(),
        progress: () => undefined,
      })
      const judged = judge(corpus, report)
      context.diagnostic(`\n${table(judged)}`)
      const { found, missed, extra } = sum(judged.scores.values())
      const floor = floors[corpus.name.split('-')[0] ?? ''] ?? otherFloor
      const lost = judged.missed.map(({ path, line, kind }) => `missed ${path}:${line} ${kind}`)
      const made = judged.extra.map(({ path, line, kind }) => `extra ${path}:${line} ${kind}`)
      const told = [...lost, ...made, ...judged.wrong].join('\n')
      assert.ok(found > 0, 'nothing was found')
      assert.ok(share(found, found + missed) >= floor, `recall is below ${floor}\n${told}`)
      assert.ok(share(found, found + extra) >= floor, `precision is below ${floor}\n${told}`)
      assert.ok(share(judged.facts - judged.wrong.length, judged.facts) >= 0.95, `facts are wrong\n${told}`)
    })
  }
})
