import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { probes } from '../../src/probe/group/index.ts'
import type { Wire } from '../../src/probe/probe.ts'
import { anthropicFaults, faulty, geminiFaults, idealAnthropic, idealGemini } from './other-apis.ts'
import { probe } from './run.ts'

const apis = [
  { wire: 'anthropic' as Wire, ideal: idealAnthropic, faults: anthropicFaults },
  { wire: 'gemini' as Wire, ideal: idealGemini, faults: geminiFaults },
]

for (const { wire, ideal, faults } of apis)
  describe(`the probes of ${wire}`, () => {
    const own = probes.filter((one) => one.wire === wire)

    test('a good endpoint passes them all', async () => {
      const others = (await probe(ideal, own)).filter(({ strict }) => strict !== 'pass')
      assert.deepEqual(
        others.map(({ id, reasons, strays }) => ({ id, reasons, strays })),
        [],
      )
    })

    test('there is a wrong server for each', () => {
      assert.deepEqual(Object.keys(faults).toSorted(), own.map(({ id }) => id).toSorted())
    })

    for (const [id, fault] of Object.entries(faults))
      test(`${id} is failed by its own, and nothing else is`, async () => {
        const failed = (await probe(faulty(ideal, fault), own)).filter(({ verdict }) => verdict === 'fail')
        assert.deepEqual(
          failed.map((one) => one.id),
          [id],
          JSON.stringify(failed.map(({ id: name, reasons }) => [name, reasons])),
        )
      })
  })
