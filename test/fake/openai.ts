/** Bodies in OpenAI's format, as a compatible server would write them: for scripts of the fake upstream. */

export type CompletionShape = {
  readonly model?: string
  readonly content?: string
  readonly promptTokens?: number
  readonly completionTokens?: number
}

/** A whole chat completion. */
export function completion(shape: CompletionShape = {}): object {
  const promptTokens = shape.promptTokens ?? 7
  const completionTokens = shape.completionTokens ?? 3
  return {
    id: 'chatcmpl-fake-0001',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: shape.model ?? 'fake-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: shape.content ?? 'A short answer.' },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  }
}

const chunk = (model: string, choices: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-fake-0002', object: 'chat.completion.chunk', created: 1_790_000_000, model, choices, ...more })}\n\n`

/** The events of a streamed chat completion: role, one event a word, finish, usage where wanted, end marker. */
export function completionEvents(
  words: readonly string[],
  { usage = false, model = 'fake-model' }: { readonly usage?: boolean; readonly model?: string } = {},
): readonly string[] {
  const events = [chunk(model, [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }])]
  for (const word of words) {
    events.push(chunk(model, [{ index: 0, delta: { content: word }, finish_reason: null }]))
  }
  events.push(chunk(model, [{ index: 0, delta: {}, finish_reason: 'stop' }]))
  if (usage) events.push(usageEvent(words.length, model))
  events.push(doneEvent)
  return events
}

/** The last event that a caller gets who asked for `stream_options.include_usage`. */
export const usageEvent = (completionTokens: number, model = 'fake-model'): string =>
  chunk(model, [], {
    usage: { prompt_tokens: 7, completion_tokens: completionTokens, total_tokens: 7 + completionTokens },
  })

export const doneEvent = 'data: [DONE]\n\n'
