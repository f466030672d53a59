/** Every request and answer in every format, against its golden file; and answers the same however their bytes are cut. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { crossedReplies, crossingFile, crossings, crossReply, crossRequest, inFront, readRequests } from './crossing.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const golden = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

describe('requests in every format', () => {
  for (const fixture of readRequests())
    test(`${fixture.name}: ${fixture.about}`, () => {
      assert.deepEqual(plain(crossRequest(fixture)), golden(crossingFile(fixture)))
    })
})

test('a request written in its own format is the request, and nothing is lost', () => {
  for (const fixture of readRequests()) {
    const crossed = crossRequest(fixture)[fixture.protocol.name] as { warnings: readonly string[] }
    assert.deepEqual(crossed.warnings, [], fixture.name)
  }
})

describe('answers in every format', () => {
  for (const fixture of crossedReplies())
    test(`${fixture.name}: ${fixture.about}`, () => {
      assert.deepEqual(plain(crossings(fixture)), golden(crossingFile(fixture)))
      for (const to of inFront) {
        const whole = plain(crossReply(fixture, to, { stream: true }))
        fc.assert(
          fc.property(fc.array(fc.nat(fixture.bytes.length), { maxLength: 12 }), (cuts) => {
            assert.deepEqual(plain(crossReply(fixture, to, { stream: true, cuts })), whole)
          }),
          { numRuns: 10 },
        )
      }
    })
})
