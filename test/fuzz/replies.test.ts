/** Answers of providers in every protocol, changed on their way: read or refused in words, and the same however their bytes are cut. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { makeChance } from '../e2e/chance.ts'
import type { Fixture, Reading } from '../wire/fixture.ts'
import { cutAt, readFixtures, readPieces } from '../wire/fixture.ts'
import { changed, fuzzRuns, fuzzSeed } from './change.ts'

const splices = [
  ...[
    '\n\n',
    '\r\n',
    '\r',
    '\ufeff',
    'data: ',
    'data:',
    ': x\n\n',
    'event: x\n',
    'data: [DONE]\n\n',
    '\0',
    '\u{1f600}',
    '\\ud800',
    '\\u0000',
  ],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '-1',
    '1e400',
    '-0',
    '9007199254740993',
    '18446744073709551616',
    'NaN',
    '0.5',
    '"7"',
    '{"',
    '}',
    '[[[[[[[[',
  ],
  ...[
    '<html>',
    '{"error":{"message":"no","code":500}}',
    '"__proto__":{"x":1},',
    '"usage":{"prompt_tokens":-5,"completion_tokens":1e30},',
  ],
]

const usageIn = (reading: Reading): readonly unknown[] =>
  reading.parts.flatMap((part) => {
    const { type, usage } = part as { readonly type: string; readonly usage?: Record<string, unknown> }
    return type === 'usage' && usage !== undefined ? Object.values(usage) : []
  })

const judge = (fixture: Fixture, bytes: Buffer, chance: () => number): void => {
  const one = { ...fixture, bytes }
  const shown = JSON.stringify(bytes.toString('latin1').slice(0, 2000))
  const whole = readPieces(one, [bytes])
  for (const count of usageIn(whole))
    if (typeof count === 'number')
      assert.ok(Number.isSafeInteger(count) && count >= 0, `${fixture.name}: ${count} was counted of ${shown}`)
  const offsets = Array.from({ length: 6 }, () => Math.floor(chance() * bytes.length))
  const cut = readPieces(one, cutAt(bytes, offsets))
  assert.deepEqual(cut.failure, whole.failure, `${fixture.name} fails otherwise when cut at ${offsets}: ${shown}`)
  // What came before a failure is given only where it came by itself.
  if (whole.failure === null)
    assert.deepEqual(
      [cut.parts, cut.complete],
      [whole.parts, whole.complete],
      `${fixture.name} is read otherwise when cut at ${offsets}: ${shown}`,
    )
}

test(`changed answers are read, or refused, the same however they are cut (seed ${fuzzSeed})`, () => {
  const chance = makeChance(fuzzSeed)
  for (const fixture of readFixtures())
    for (let run = 0; run < fuzzRuns(3); run += 1) judge(fixture, changed(fixture.bytes, { chance, splices }), chance)
})

test('line ends, a mark in front and comments between change nothing of what a stream of events says', () => {
  const isEvents = ({ contentType }: Fixture): boolean => contentType.startsWith('text/event-stream')
  for (const fixture of readFixtures().filter(isEvents)) {
    const text = fixture.bytes.toString('latin1')
    const plain = readPieces(fixture, [fixture.bytes])
    if (plain.failure !== null || text.includes('\r')) continue
    for (const [how, other] of [
      ['CRLF', text.replaceAll('\n', '\r\n')],
      ['CR', text.replaceAll('\n', '\r')],
      ['a mark', `\xef\xbb\xbf${text}`],
      ['comments', text.replaceAll('\n\n', '\n\n: still here\n\n')],
    ] as const) {
      const reading = readPieces(fixture, [Buffer.from(other, 'latin1')])
      assert.deepEqual([reading.parts, reading.failure], [plain.parts, plain.failure], `${fixture.name} with ${how}`)
    }
  }
})
