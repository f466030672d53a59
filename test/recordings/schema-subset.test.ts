/** Moonshot's own cases of schemas that its validator takes and refuses, read where they lie. */

import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { JsonObject } from '../../src/base/json-type.ts'
import { isObject } from '../../src/base/json-type.ts'
import { Problem } from '../../src/base/problem.ts'
import { faultsOf } from '../../src/provider/schema-subset/fault.ts'
import { fitSchema } from '../../src/provider/schema-subset/fit.ts'
import { fitSchemasOf } from '../../src/provider/schema-subset/fit-call.ts'
import { callOf } from '../../src/provider/test-call.ts'
import { noAdjustment } from '../../src/provider/vendor.ts'
import { sharedFolder } from './exchange.ts'

const folder = join(sharedFolder(), 'specs', 'moonshot-mfjs', 'validator_cases')
/** Levels of properties that the validator's own tests allow; it takes 30 by default. */
const casesDepthMax = 5

const linesOf = (suite: string, name: string): readonly string[] => {
  const path = join(folder, suite, name)
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
    : []
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

type Refused = { readonly schema: string; readonly expect: string; readonly unmarshal: boolean }

const suites = readdirSync(folder)
const taken = suites.flatMap((suite) => linesOf(suite, 'valid.jsonl').map((line) => JSON.parse(line) as JsonObject))
const refused = suites
  .flatMap((suite) => linesOf(suite, 'invalid.jsonl').map((line) => JSON.parse(line) as Refused))
  .filter(({ unmarshal }) => !unmarshal)
  .map((one) => ({ ...one, document: parsed(one.schema) }))
  .filter((one): one is typeof one & { document: JsonObject } => isObject(one.document))

const callWith = (schema: JsonObject) =>
  callOf(JSON.stringify({ tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] }))

describe("Moonshot's cases of its subset of JSON Schema", () => {
  test('there are cases of both kinds', () => {
    assert.ok(taken.length >= 60 && refused.length >= 70, `${taken.length} taken, ${refused.length} refused`)
  })

  test('what it takes has no faults and goes on as it is', () => {
    for (const schema of taken) {
      assert.deepEqual(faultsOf(schema, casesDepthMax), [], JSON.stringify(schema))
      assert.equal(fitSchema(schema, { isTool: false }), schema)
    }
  })

  test('what it refuses has faults, and none once it is fitted', () => {
    for (const { document, expect } of refused) {
      assert.notDeepEqual(faultsOf(document, casesDepthMax), [], `${expect}: ${JSON.stringify(document)}`)
      for (const isTool of [true, false]) {
        const fitted = fitSchema(document, { isTool, depthMax: casesDepthMax })
        assert.deepEqual(faultsOf(fitted, casesDepthMax), [], `${expect}: ${JSON.stringify(fitted)}`)
      }
    }
  })

  test('of a call with such a tool the caller is warned, and a strict target refuses it', () => {
    // What is only nested too deeply for the validator's own tests is taken by the endpoint.
    const loud = refused.filter(({ document }) => faultsOf(document).length > 0)
    assert.ok(loud.length >= 65, `${loud.length}`)
    for (const { document, expect } of loud) {
      const adjusted = fitSchemasOf({ call: callWith(document), mode: 'shim', model: 'kimi' })
      assert.ok(!(adjusted instanceof Problem) && adjusted.warnings.length === 1, expect)
      assert.ok(fitSchemasOf({ call: callWith(document), mode: 'strict', model: 'kimi' }) instanceof Problem, expect)
    }
    for (const document of taken.filter(({ type }) => type === 'object'))
      assert.equal(fitSchemasOf({ call: callWith(document), mode: 'strict', model: 'kimi' }), noAdjustment)
  })
})
