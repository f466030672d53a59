/** What nodes tell each other of their copies. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { testClock } from '#http/test-clock.ts'
import type { ShadowRow } from '#migration/port.ts'
import { dayOf } from '#migration/shadow-budget.ts'
import { emptyShadowLog, shadowLogOf, shadowLogText, withCost } from '#migration/shadow-log.ts'
import { sampleMove } from '#migration/test-move.ts'
import { makeTraffic } from '#migration/traffic.ts'
import { openStage, sampleModel, samplePrice } from '#relay/test-stage.ts'
import { completion } from '#relay/test-upstream.ts'
import { tellShadows } from './tell-shadows.ts'

/** A node that copies all, and may spend a thousandth of a dollar a day; `spent` = what another one has spent today. */
const node = (spent: bigint) => {
  const traffic = makeTraffic(() => 0)
  const limits = { nanoUsdPerDay: 1_000_000n, tokensPerDay: 1_000_000, concurrencyMax: 4 }
  const shadow = {
    shareBasisPoints: 10_000,
    repeatBasisPoints: 0,
    consent: 'all',
    provider: 'beta',
    model: 'beta-1',
    limits,
  } as const
  traffic.configure([sampleMove({ weightBasisPoints: 0, phase: 'paused', shadow })], 0)
  const targets = [{ cost: samplePrice }, { provider: 'beta', cost: samplePrice }]
  const stage = openStage({ models: [sampleModel(targets)], traffic })
  const clock = testClock()
  const other = withCost(emptyShadowLog, { nanoUsd: spent, tokens: 1, day: dayOf(clock.nowMs()) })
  const rows = new Map([['other', { migration: 'mig_1', source: 'other', log: shadowLogText(other) }]])
  const store = {
    keepShadow: async (row: ShadowRow) => void rows.set(row.source, row),
    shadows: async (migration: string) => [...rows.values()].filter((row) => row.migration === migration),
  }
  const teller = tellShadows({ store, shadows: stage.shadows, source: 'own', clock, log: silentLog })
  const ask = async (): Promise<void> => {
    await stage.call({ headers: { 'x-session-id': 's' }, body: { max_tokens: 100 } })
    stage.arrival('alpha').answer(200, completion('Hello'))
    await stage.settle()
  }
  const round = async (): Promise<void> => {
    clock.advance(2_000)
    await stage.settle()
  }
  const told = () => shadowLogOf(rows.get('own')?.log ?? assert.fail('nothing was told'))
  return { stage, ask, round, told, close: teller.close }
}

test('a copy waits until it is known what others have spent, is told when it has ended, and on the way out', async () => {
  const { stage, ask, round, told, close } = node(0n)
  await ask()
  assert.equal(stage.arrivals('beta'), 0)
  await round()
  assert.equal(stage.arrivals('beta'), 1)
  stage.arrival('beta').answer(200, completion('Hello'))
  await stage.settle()
  await round()
  assert.deepEqual([told().sums.questions, told().nanoUsd], [1, 20_000n])
  await close()
})

test('what another node has spent counts towards the cap', async () => {
  const { stage, ask, round, told, close } = node(900_000n)
  await ask()
  await round()
  await close()
  assert.deepEqual([stage.arrivals('beta'), told().left.usd_per_day], [0, 1])
})
