/** A failure in the middle of a stream, of every format behind, as callers of every format read it: an error, and no end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { behind, callerOf, inFront } from './crossing.ts'
import { readFixtures } from './fixture.ts'

const asked = { id: 'call_1', origin: '' }

test('callers of every format are told of it, and no reader of theirs takes the answer for a whole one', () => {
  const told = new Map<string, number>()
  for (const fixture of readFixtures()) {
    if (fixture.protocol.client.writeChat === undefined) continue
    for (const to of inFront) {
      const caller = callerOf(to, true)
      const head = { status: 200, headers: { 'content-type': fixture.contentType } }
      const inner = fixture.protocol.client.readReply(fixture.call, head, { whole: true })
      const writer = to.server.writeReply({ call: caller, asked, nowMs: 1_790_000_000_000 })
      const reader = translatedReader(inner, writer, { stream: true, own: fixture.protocol === to })
      const pieces: Buffer[] = []
      let failed = false
      let said = false
      try {
        for (const frame of [...reader.read(fixture.bytes), ...reader.end()]) {
          said ||= frame.parts.some(({ type }) => type === 'text-delta')
          failed ||= frame.parts.some(({ type }) => type === 'error')
          pieces.push(frame.raw)
        }
      } catch (thrown) {
        assert.ok(thrown instanceof Problem)
        failed = true
        pieces.push(to.server.writeStreamProblem(thrown, asked, caller))
      }
      if (!failed || !said) continue
      assert.equal(reader.complete(), false, fixture.name)
      const bytes = Buffer.concat(pieces)
      const last = to.client.readReply(caller, { status: 200, headers: { 'content-type': writer.contentType } })
      const parts = [...last.read(bytes), ...last.end()].flatMap((frame) => frame.parts)
      const name = `${fixture.name} to ${to.name}`
      assert.ok(
        parts.some(({ type }) => type === 'error'),
        `${name} is told: ${bytes.toString('utf8')}`,
      )
      assert.equal(last.complete(), false, `${name} is not whole`)
      const pair = `${fixture.protocol.name} to ${to.name}`
      told.set(pair, (told.get(pair) ?? 0) + 1)
    }
  }
  const missing = behind
    .flatMap(({ name }) => inFront.map((to) => `${name} to ${to.name}`))
    .filter((pair) => !told.has(pair))
  assert.deepEqual(missing, [], 'every pair has such a failure')
})
