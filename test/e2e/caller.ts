/** How a caller of each protocol asks the same thing. */

export type Caller = {
  readonly protocol: string
  readonly ask: (model: string, stream: boolean) => { readonly path: string; readonly body: object }
}

const messages = [{ role: 'user', content: 'hi' }]

export const chatCaller: Caller = {
  protocol: 'openai-chat',
  ask: (model, stream) => ({ path: '/v1/chat/completions', body: { model, stream, messages } }),
}

export const responsesCaller: Caller = {
  protocol: 'openai-responses',
  ask: (model, stream) => ({ path: '/v1/responses', body: { model, stream, input: 'hi' } }),
}

export const messagesCaller: Caller = {
  protocol: 'anthropic-messages',
  ask: (model, stream) => ({ path: '/v1/messages', body: { model, stream, max_tokens: 64, messages } }),
}

export const geminiCaller: Caller = {
  protocol: 'gemini',
  ask: (model, stream) => ({
    path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  }),
}

export const callers: readonly Caller[] = [chatCaller, responsesCaller, messagesCaller, geminiCaller]

/**
 * Who reaches a provider in this protocol: everybody, but for protocols of vendors that speak another one too, which Drover
 * then prefers for the callers of others (OpenAI is asked in chat by all but callers of Responses, Cohere by callers of chat).
 */
export const callersOf = (protocol: string): readonly Caller[] => {
  if (protocol === 'openai-responses') return [responsesCaller]
  if (protocol === 'cohere-chat') return callers.filter((one) => one !== chatCaller)
  return callers
}
