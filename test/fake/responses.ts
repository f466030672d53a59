/** Bodies in the format of OpenAI's Responses, as a provider writes them. */

const item = (text: string, status: string): object => ({
  id: 'msg_fake_0001',
  type: 'message',
  status,
  role: 'assistant',
  content: text === '' ? [] : [{ type: 'output_text', text, annotations: [] }],
})

const response = (status: string, text: string, outputTokens: number | null): object => ({
  id: 'resp_fake_0001',
  object: 'response',
  created_at: 1_790_000_000,
  status,
  error: null,
  incomplete_details: null,
  model: 'fake-model',
  output: text === '' ? [] : [item(text, 'completed')],
  usage:
    outputTokens === null ? null : { input_tokens: 7, output_tokens: outputTokens, total_tokens: 7 + outputTokens },
})

/** A whole response. */
export const wholeResponse = (text: string): object => response('completed', text, 5)

/** The events of a stream that says these words, in the order of the real ones. */
export const responseEvents = (words: readonly string[]): readonly string[] => {
  const text = words.join('')
  const place = { item_id: 'msg_fake_0001', output_index: 0 }
  const part = (said: string): object => ({
    ...place,
    content_index: 0,
    part: { type: 'output_text', text: said, annotations: [] },
  })
  const events: readonly (readonly [string, object])[] = [
    ['response.created', { response: response('in_progress', '', null) }],
    ['response.in_progress', { response: response('in_progress', '', null) }],
    ['response.output_item.added', { output_index: 0, item: item('', 'in_progress') }],
    ['response.content_part.added', part('')],
    ...words.map((delta) => ['response.output_text.delta', { ...place, content_index: 0, delta }] as const),
    ['response.output_text.done', { ...place, content_index: 0, text }],
    ['response.content_part.done', part(text)],
    ['response.output_item.done', { output_index: 0, item: item(text, 'completed') }],
    ['response.completed', { response: response('completed', text, words.length) }],
  ]
  return events.map(
    ([type, more], index) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: index, ...more })}\n\n`,
  )
}
