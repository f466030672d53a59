import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { idealModel } from './ideal-model.ts'
import { openaiProbes, probe } from './run.ts'
import { wrongServers } from './wrong-servers.ts'

describe('an endpoint that does everything right', () => {
  test('passes every probe, also by the specification', async () => {
    const results = await probe(idealModel())
    const others = results
      .filter(({ strict }) => strict !== 'pass')
      .map(({ id, reasons, strays }) => ({ id, reasons, strays }))
    assert.deepEqual(others, [])
    assert.ok(results.length >= 80, `${results.length} probes`)
  })
})

describe('a wrong server for each probe', () => {
  test('there is one for each, and none for nothing', () => {
    assert.deepEqual(Object.keys(wrongServers).toSorted(), openaiProbes.map(({ id }) => id).toSorted())
  })

  for (const [id, fault] of Object.entries(wrongServers))
    test(`${id} is failed by its own, and nothing else is`, async () => {
      const ideal = idealModel()
      const memory = { count: 0 }
      const results = await probe((asked) => fault(asked, ideal(asked), memory))
      const failed = results.filter(({ verdict }) => verdict === 'fail')
      assert.deepEqual(
        failed.map((one) => one.id),
        [id],
        JSON.stringify(
          failed.map((one) => ({ id: one.id, reasons: one.reasons })),
          null,
          1,
        ),
      )
      assert.notEqual(failed[0]?.reasons.length, 0)
    })
})
