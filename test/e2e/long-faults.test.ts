/** Every fault of a provider, in every protocol behind, met by callers of every protocol in front. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { FaultName } from '../fake/fault.ts'
import { eventCountOf, faultNames, faultOf } from '../fake/fault.ts'
import type { Voice } from '../fake/voice.ts'
import { voices } from '../fake/voice.ts'
import type { Caller } from './caller.ts'
import { callersOf } from './caller.ts'
import type { Case, FaultBench, Outcome } from './fault-bench.ts'
import { askOnce, attemptsOf, deadlines, startFaultBench } from './fault-bench.ts'

/** What moving on may add to the time of the target that survives. */
const moveMsMax = 300
/** Calls of one provider's that a busy machine may be late with: a relay that is slow is late with all of them. */
const lateMax = 3
const seed = 20_261_128
/** Each case has its own providers, so that they can be met side by side. */
const concurrency = 4
const route = 'strategy: fallback, retries: 0'
const kinds = ['stream', 'whole'] as const

const silent: readonly FaultName[] = ['silent-before-headers', 'silent-after-headers', 'byte-a-second', 'never-ending']

/** How long a provider that says nothing may keep a call waiting. */
const patienceMs = (fault: FaultName, isStream: boolean): number => {
  if (!silent.includes(fault)) return 0
  return isStream ? deadlines.firstTokenMs : deadlines.totalMs / 2
}

const before1st = faultNames.filter((name) => faultOf(name).isLate !== true && !name.startsWith('slow-'))
const after1st = ['cut-after', 'stall', 'never-ending'] as const

const nameOf = (fault: FaultName, kind: string, { protocol }: Caller): string => `${fault}-${kind}-${protocol}`
const cutName = (index: number, { protocol }: Caller): string => `cut-at-${index}-${protocol}`

const casesFor = (voice: Voice): readonly Case[] =>
  callersOf(voice.protocol).flatMap((caller) => [
    ...kinds.flatMap((kind) => faultNames.map((fault) => ({ name: nameOf(fault, kind, caller), fault, route }))),
    ...Array.from({ length: eventCountOf(voice) }, (_none, index) => ({
      name: cutName(index, caller),
      fault: 'cut-before' as const,
      route,
      cutAtEvent: index,
    })),
  ])

const warming: readonly Case[] = [
  { name: 'warm-moving', fault: 'storm', route },
  { name: 'warm-counting', fault: 'cut-after', route },
]

type Moved = { readonly model: string; readonly deadlineMs?: number; readonly late: string[] }

/**
 * The sound target answered, and the record says so: it was asked as soon as the other one had failed, or its deadline had passed. Taken from the
 * relay's own clock, so that a busy machine that is slow to read the answer is not held against it.
 */
async function assertMoved(bench: FaultBench, outcome: Outcome, { model, deadlineMs = 0, late }: Moved): Promise<void> {
  const { open, text, isWhole } = outcome
  assert.equal(open.status, 200, text)
  assert.ok(isWhole)
  assert.equal(open.headers['x-drover-provider'], `${model}-sound`)
  assert.equal(open.headers['x-drover-attempts'], '2')
  assert.ok(text.includes('other.'))
  const [first, second] = attemptsOf(await bench.relay.recordOf(open))
  assert.notEqual(first?.['left'], null)
  assert.equal(second?.['reason'], 'other-target')
  const addedMs = Number(second?.['start_ms']) - deadlineMs
  if (addedMs > moveMsMax) late.push(`${model}: moving on added ${addedMs} ms`)
}

/** Nobody else was asked, and what was cut does not look complete. */
async function assertStayed(bench: FaultBench, outcome: Outcome, model: string): Promise<void> {
  assert.equal(bench.seenAt(model, 'sound').length, 0)
  const record = await bench.relay.recordOf(outcome.open)
  assert.equal(attemptsOf(record).length, 1)
  assert.equal(record['end'], outcome.isWhole ? 'complete' : 'cut')
}

for (const voice of voices)
  describe(`faults of a provider that speaks ${voice.protocol}`, { concurrency }, () => {
    let bench: FaultBench
    const late: string[] = []
    before(async () => {
      bench = await startFaultBench([...casesFor(voice), ...warming], voice, seed)
      // The first calls of a process load what it needs: that is not what is timed here.
      for (const { name } of warming)
        for (const stream of [true, false])
          for (const caller of callersOf(voice.protocol)) await askOnce(bench, caller, { model: name, stream })
    })
    after(async () => {
      await bench.close()
      assert.ok(late.length <= lateMax, late.join('\n'))
    })

    for (const caller of callersOf(voice.protocol)) {
      for (const kind of kinds)
        for (const fault of before1st)
          test(`${caller.protocol}, ${kind}: it ${faultOf(fault).title}: the other one answers, in time`, async () => {
            const model = nameOf(fault, kind, caller)
            const outcome = await askOnce(bench, caller, { model, stream: kind === 'stream' })
            await assertMoved(bench, outcome, { model, late, deadlineMs: patienceMs(fault, kind === 'stream') })
          })

      for (const fault of after1st)
        test(`${caller.protocol}: it ${faultOf(fault).title}: after the first part nobody else is asked`, async () => {
          const model = nameOf(fault, 'stream', caller)
          const outcome = await askOnce(bench, caller, { model, stream: true })
          assert.ok(outcome.text.includes('One '))
          assert.ok(!outcome.isWhole, 'a cut answer never looks complete')
          await assertStayed(bench, outcome, model)
        })

      test(`${caller.protocol}, whole: it never ends: it is left at its share`, async () => {
        const model = nameOf('never-ending', 'whole', caller)
        const outcome = await askOnce(bench, caller, { model, stream: false })
        await assertMoved(bench, outcome, { model, late, deadlineMs: patienceMs('never-ending', false) })
      })

      test(`${caller.protocol}: it breaks off at any event: moved on before the first part, and never after it`, async () => {
        for (let index = 0; index < eventCountOf(voice); index += 1) {
          const model = cutName(index, caller)
          const outcome = await askOnce(bench, caller, { model, stream: true })
          if (index <= voice.firstPart) await assertMoved(bench, outcome, { model, late })
          else {
            await assertStayed(bench, outcome, model)
            assert.ok(!outcome.isWhole || outcome.text.includes('other.'), `event ${index}: ${outcome.text}`)
          }
        }
      })
    }
  })
