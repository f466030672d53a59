// A client for production: a deadline, retries, and errors that say what to do.
//
// Run it:
//   npm install openai
//   DROVER_API_KEY=hs-test-... node client.mjs "Why is the sky blue?"
//
// DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1, MODEL another model than kimi-k2.

import process from 'node:process'
import OpenAI, { AuthenticationError, RateLimitError } from 'openai'

const client = new OpenAI({
  baseURL: process.env.DROVER_BASE_URL ?? 'http://127.0.0.1:4000/v1',
  apiKey: process.env.DROVER_API_KEY ?? '',
  timeout: 30_000,
  maxRetries: 3,
})

/**
 * Asks one question. `latencyMs` is what this program waited, retries and network included; `processingMs` is what the
 * relay and the provider took, as the relay says in `openai-processing-ms`.
 */
export async function ask(question, model = process.env.MODEL ?? 'kimi-k2') {
  const startedMs = performance.now()
  try {
    const { data, response } = await client.chat.completions
      .create({ model, messages: [{ role: 'user', content: question }] })
      .withResponse()
    return {
      content: data.choices[0]?.message.content ?? '',
      usage: data.usage ?? null,
      model: data.model,
      latencyMs: Math.round(performance.now() - startedMs),
      processingMs: Number(response.headers.get('openai-processing-ms')),
    }
  } catch (error) {
    throw explain(error)
  }
}

/** The same error in words that say what to do. */
function explain(error) {
  if (error instanceof AuthenticationError) {
    return new Error('The key was refused: check DROVER_API_KEY, or make a new one with `drover keys create`.', {
      cause: error,
    })
  }
  if (error instanceof RateLimitError) {
    const wait = error.headers?.get('retry-after') ?? 'a few'
    return new Error(
      `Too many requests, also after three retries: wait ${wait} seconds, or raise the limit of the key.`,
      {
        cause: error,
      },
    )
  }
  return error
}

try {
  const answer = await ask(process.argv[2] ?? 'Why is the sky blue?')
  console.log(JSON.stringify(answer))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
