/** Calls in every format, changed on their way: read, or refused in words that say which field, and never anything else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { makeChance } from '../e2e/chance.ts'
import { readRequests } from '../wire/crossing.ts'
import { changed, fuzzRuns, fuzzSeed } from './change.ts'

const splices = [
  'null',
  'true',
  '[]',
  '{}',
  '""',
  '-1',
  '1e400',
  '9007199254740993',
  '[[[[[[',
  '{"a":',
  '\0',
  '\u{1f600}',
  '\\ud800',
  '\\u0000',
  '"__proto__":{"x":1},',
  '"stream":7,',
  '"model":[],',
  '"messages":"x",',
  '\ufeff',
]

test(`changed calls are read or refused (seed ${fuzzSeed})`, () => {
  const chance = makeChance(fuzzSeed)
  let refused = 0
  for (const { name, protocol, bytes: plain, inbound } of readRequests())
    for (let run = 0; run < fuzzRuns(8); run += 1) {
      const bytes = changed(plain, { chance, splices })
      try {
        const call = protocol.server.readCall({
          ...inbound,
          body: { kind: 'bytes', bytes, contentType: 'application/json' },
        })
        protocol.server.readChat?.(call)
      } catch (fault) {
        refused += 1
        assert.ok(
          fault instanceof Problem && fault.status < 500,
          `${name}: ${String(fault)} of ${bytes.toString('latin1').slice(0, 2000)}`,
        )
      }
    }
  assert.ok(refused > 0)
})
