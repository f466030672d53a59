import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { readUsage as anthropic } from '#protocol/anthropic-messages/usage.ts'
import { readUsage as bedrock } from '#protocol/bedrock-converse/usage.ts'
import { readUsage as cohere } from '#protocol/cohere-chat/usage.ts'
import { readUsage as gemini } from '#protocol/gemini/usage.ts'
import { readUsage as ollama } from '#protocol/ollama-chat/usage.ts'
import { readUsage as responses } from '#protocol/openai-responses/usage.ts'

const value = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.double(), fc.constantFrom(null, -1, 'x', '12', [], {}))

/** Blocks with these members, nested as `a.b` says, of any value that JSON can carry. */
const blocksOf = (paths: readonly string[]): fc.Arbitrary<JsonObject> =>
  fc.array(value, { minLength: paths.length, maxLength: paths.length }).map((values) => {
    const block: Record<string, unknown> = {}
    for (const [index, path] of paths.entries()) {
      const [first = '', second] = path.split('.')
      block[first] = second === undefined ? values[index] : { ...(block[first] as object), [second]: values[index] }
    }
    return block as JsonObject
  })

type Subject = readonly [name: string, read: (block: JsonObject) => Usage, paths: readonly string[]]

const subjects: readonly Subject[] = [
  [
    'Anthropic',
    anthropic,
    [
      'input_tokens',
      'output_tokens',
      'cache_read_input_tokens',
      'cache_creation_input_tokens',
      'cache_creation.ephemeral_5m_input_tokens',
      'cache_creation.ephemeral_1h_input_tokens',
      'output_tokens_details.thinking_tokens',
      'server_tool_use.web_search_requests',
    ],
  ],
  ['Bedrock', bedrock, ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokenCount']],
  [
    'Gemini',
    gemini,
    [
      'promptTokenCount',
      'candidatesTokenCount',
      'thoughtsTokenCount',
      'toolUsePromptTokenCount',
      'cachedContentTokenCount',
      'totalTokenCount',
    ],
  ],
  ['Cohere', cohere, ['billed_units.input_tokens', 'billed_units.output_tokens', 'tokens.reasoning_tokens']],
  ['Ollama', ollama, ['prompt_eval_count', 'eval_count']],
  [
    'Responses',
    responses,
    [
      'input_tokens',
      'output_tokens',
      'total_tokens',
      'input_tokens_details.cached_tokens',
      'output_tokens_details.reasoning_tokens',
      'server_side_tool_usage_details.web_search_calls',
    ],
  ],
]

describe('whatever is sent, counts are whole, never negative, never past the safe integers, and parts are within their wholes', () => {
  for (const [name, read, paths] of subjects)
    test(name, () => {
      fc.assert(
        fc.property(blocksOf(paths), (block) => {
          const usage = read(block)
          for (const [figure, count] of Object.entries(usage))
            if (typeof count === 'number') assert.ok(Number.isSafeInteger(count) && count >= 0, `${figure} ${count}`)
          if (usage.output !== null) assert.ok(usage.output >= (usage.reasoning ?? 0), 'reasoning')
          if (usage.input === null) return
          assert.ok(usage.input >= (usage.cachedInput ?? 0), 'cached')
          assert.ok(usage.input >= (usage.cacheWrite ?? 0), 'written')
        }),
        { numRuns: 400 },
      )
    })
})
