import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiResponses } from './index.ts'

const { server } = openaiResponses

const thoughtFor = (include: readonly string[] | undefined): JsonObject => {
  const call = server.readCall(inboundOf(JSON.stringify({ model: 'm', input: 'x', include })))
  const writer = server.writeReply({ call, asked: { id: 'call_1', origin: '' }, nowMs: 0 })
  const at = { choice: 0, block: 0 }
  writer.write({ type: 'reasoning-start', ...at })
  writer.write({ type: 'reasoning-delta', ...at, text: 'I think.' })
  writer.write({ type: 'reasoning-end', ...at })
  writer.write({ type: 'finish', choice: 0, reason: 'stop', raw: 'stop' } as never)
  return (JSON.parse(String(writer.end())) as { output: JsonObject[] }).output[0] ?? {}
}

test('a caller who keeps the conversation gets a thought that it will send back, though there is no secret in it', () => {
  assert.equal('encrypted_content' in thoughtFor(undefined), false)
  const item = thoughtFor(['reasoning.encrypted_content'])
  assert.equal(typeof item['encrypted_content'], 'string')
  const body = { model: 'm', input: [{ role: 'user', content: 'x' }, item, { role: 'user', content: 'y' }] }
  const read = server.readChat?.(server.readCall(inboundOf(JSON.stringify(body))))
  const [thought] = read?.value.messages[1]?.content ?? []
  assert.ok(thought?.type === 'reasoning')
  assert.deepEqual([thought.text, thought.carriers], ['I think.', []])
})
