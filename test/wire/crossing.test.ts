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

/** What says in each format that an answer is whole. */
const endMarks: Readonly<Record<string, string>> = {
  'openai-chat': '[DONE]',
  'anthropic-messages': 'message_stop',
}

const eventsOf = (bytes: Buffer): readonly string[] => bytes.toString('utf8').split(/(?<=\r?\n\r?\n)/)

test('an answer that is cut behind any of its events is never closed for a caller of another format', () => {
  let cuts = 0
  for (const fixture of crossedReplies()) {
    if (fixture.contentType !== 'text/event-stream' && !fixture.contentType.startsWith('text/event-stream;')) continue
    const events = eventsOf(fixture.bytes)
    for (let count = 0; count <= events.length; count += 1) {
      const cut = { ...fixture, bytes: Buffer.from(events.slice(0, count).join('')) }
      const { client } = fixture.protocol
      const reader = client.readReply(fixture.call, { status: 200, headers: { 'content-type': fixture.contentType } })
      let whole = false
      try {
        reader.read(cut.bytes)
        reader.end()
        whole = reader.complete()
      } catch {
        // Not the protocol at all: then it is not whole either.
        whole = false
      }
      for (const to of inFront) {
        const mark = endMarks[to.name]
        const { complete, written } = crossReply(cut, to, { stream: true })
        assert.equal(complete, whole, `${fixture.name} behind ${count} events, as ${to.name}`)
        if (mark !== undefined)
          assert.equal(JSON.stringify(written).includes(mark), whole, `${fixture.name} behind ${count} as ${to.name}`)
        cuts += 1
      }
    }
  }
  assert.ok(cuts > 200)
})
