/** Every fixture against its golden reading, however its bytes are cut. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Fixture, Reading } from './fixture.ts'
import { cutAt, goldenFile, readFixtures, readPieces } from './fixture.ts'

const golden = (fixture: Fixture): Reading => JSON.parse(readFileSync(goldenFile(fixture), 'utf8')) as Reading

const plain = (reading: Reading): unknown => JSON.parse(JSON.stringify(reading))

/** One byte at a time, with empty pieces between. */
const bytewise = (bytes: Buffer): readonly Buffer[] =>
  [...bytes.keys()].flatMap((at) => [bytes.subarray(at, at + 1), Buffer.alloc(0)])

describe('reading', () => {
  for (const fixture of readFixtures()) {
    test(`${fixture.name}: ${fixture.about}`, () => {
      const expected = golden(fixture)
      assert.deepEqual(plain(readPieces(fixture, [fixture.bytes])), expected)
      assert.deepEqual(plain(readPieces(fixture, bytewise(fixture.bytes))), expected)
      const offsets = fc.array(fc.nat(fixture.bytes.length), { maxLength: 12 })
      fc.assert(
        fc.property(offsets, (cuts) => {
          assert.deepEqual(plain(readPieces(fixture, cutAt(fixture.bytes, cuts))), expected)
        }),
        { numRuns: 20 },
      )
    })
  }
})

/** Where bytes are not given on: a document or page that is refused, and the torn or broken end of a stream. */
const notGiven = [
  'anthropic-messages/cut-in-event',
  'anthropic-messages/whole-cut',
  'bedrock-converse/changed-body',
  'bedrock-converse/changed-length',
  'bedrock-converse/cut-in-figures',
  'bedrock-converse/cut-in-message',
  'bedrock-converse/not-a-stream',
  'bedrock-converse/whole-cut',
  'cohere-chat/cut-in-event',
  'cohere-chat/whole-cut',
  'gemini/cut-in-event',
  'ollama-chat/cut-in-line',
  'openai-chat/credential-error-event',
  'openai-chat/cut-in-event',
  'openai-chat/html-for-stream',
  'openai-chat/html-under-200',
  'openai-chat/not-json',
  'openai-chat/only-blanks',
  'openai-chat/text-for-stream',
  'openai-chat/whole-array',
  'openai-chat/whole-broken',
  'openai-chat/whole-cut',
  'openai-embeddings/cut',
  'openai-responses/cut-in-event',
  'openai-responses/whole-cut',
]

/** The answer was whole, and its figures are cut. */
const cutBehindItsEnd = 'bedrock-converse/cut-in-figures'

test('every byte is given on, but for what is refused', () => {
  const readings = readFixtures().map((fixture) => [fixture.name, golden(fixture)] as const)
  assert.deepEqual(
    readings.filter(([, reading]) => !reading.equal).map(([name]) => name),
    notGiven,
  )
  for (const [name, reading] of readings)
    if ((!reading.equal && name !== cutBehindItsEnd) || reading.failure !== null)
      assert.equal(reading.complete, false, name)
})
