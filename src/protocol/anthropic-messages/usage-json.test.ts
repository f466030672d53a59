import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usageOf } from '#base/usage.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import type { Part } from '#protocol/part.ts'
import { anthropicMessages } from './index.ts'

const at = { choice: 0, block: 0 }
const answer: readonly Part[] = [
  { type: 'text-start', ...at },
  { type: 'text-delta', ...at, text: 'twelve bytes' },
  { type: 'text-end', ...at },
  { type: 'finish', choice: 0, reason: 'stop', raw: null },
]

/** The last usage that a caller is told, and what is warned of. */
const told = (stream: boolean, parts: readonly Part[]) => {
  const call = anthropicMessages.server.readCall(
    inboundOf(JSON.stringify({ model: 'm', max_tokens: 9, stream, messages: [{ role: 'user', content: 'Hello' }] })),
  )
  const writer = anthropicMessages.server.writeReply({ call, asked: { id: 'call_1', origin: '' }, nowMs: 0 })
  const text = [...parts.map((part) => writer.write(part)), writer.end()].map(String).join('')
  const usage = JSON.parse([...text.matchAll(/"usage":(\{[^}]*\})/g)].at(-1)?.[1] ?? 'null')
  return { call, usage, warned: writer.warnings?.() }
}

test('figures that nobody told are estimated by size, and said to be', () => {
  for (const stream of [false, true]) {
    const { call, usage, warned } = told(stream, answer)
    assert.deepEqual(usage, { input_tokens: Math.ceil(call.inputBytes / 4), output_tokens: 3 })
    assert.deepEqual(warned, [{ field: 'usage', reason: 'estimated by size: the provider tells none' }])
  }
})

test('what was told stands, and only the rest is estimated', () => {
  const some = (output: number | null): Part => ({
    type: 'usage',
    usage: usageOf({ input: 40, output, source: 'reported' }),
    raw: {},
  })
  const { usage, warned } = told(false, [...answer, some(null)])
  assert.deepEqual([usage.input_tokens, usage.output_tokens, warned?.length], [40, 3, 1])
  const full = told(false, [...answer, some(7)])
  assert.deepEqual([full.usage.input_tokens, full.usage.output_tokens, full.warned], [40, 7, []])
})
