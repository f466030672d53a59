import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { anthropicMessages } from './index.ts'

const body = (more: object): string => JSON.stringify({ model: 'm', max_tokens: 9, messages: [], ...more })

test('a conversation that the provider would keep is refused in the word that Anthropic’s clients act on', () => {
  const { server, counting } = anthropicMessages
  const goesOn = body({ thread: { type: 'continue', previous_message_id: 'msg_of_somebody_else' } })
  for (const read of [server.readCall, counting?.readCall])
    for (const text of [goesOn, body({ thread: { type: 'create' } })])
      assert.throws(
        () => read?.(inboundOf(text)),
        (thrown: unknown) => {
          assert.ok(thrown instanceof Problem)
          const answer = server.writeProblem(thrown, { id: 'call_1', origin: '' })
          assert.equal(answer.status, 400)
          const { error } = JSON.parse(String(answer.body)) as { error: Record<string, unknown> }
          assert.deepEqual(error['details'], { error_code: 'thread_unsupported_request', unsupported: ['thread'] })
          return true
        },
      )
  assert.equal(server.readCall(inboundOf(body({ thread: null }))).model, 'm')
})

test('a call says how long its answer may get, as Anthropic wants it; a question for its tokens need not', () => {
  const { server, counting } = anthropicMessages
  for (const more of [{ max_tokens: undefined }, { max_tokens: null }])
    assert.throws(
      () => server.readCall(inboundOf(body(more))),
      (thrown: unknown) => {
        assert.ok(thrown instanceof Problem)
        const answer = server.writeProblem(thrown, { id: 'call_1', origin: '' })
        const { type, error } = JSON.parse(String(answer.body)) as { type: string; error: Record<string, unknown> }
        assert.deepEqual([answer.status, type, error['type']], [400, 'error', 'invalid_request_error'])
        assert.match(String(error['message']), /^max_tokens: Field required/)
        return true
      },
    )
  assert.equal(counting?.readCall(inboundOf(body({ max_tokens: undefined }))).outputMax, null)
})
