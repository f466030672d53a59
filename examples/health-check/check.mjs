// Asks a model for a sign of life, and asks the provider itself when the relay gives none.
//
// Run it:
//   npm install openai
//   DROVER_API_KEY=hs-test-... node check.mjs
//
// KIMI_PROVIDER_URL and KIMI_PROVIDER_KEY name the way around the relay; each place has its own key.
// DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1; MODEL and KIMI_PROVIDER_MODEL name the models.
// Exit code 0: something answered; 1: nothing did. One line of JSON says which.

import process from 'node:process'
import OpenAI from 'openai'

const places = [
  {
    name: 'drover',
    baseURL: process.env.DROVER_BASE_URL ?? 'http://127.0.0.1:4000/v1',
    apiKey: process.env.DROVER_API_KEY,
    model: process.env.MODEL ?? 'kimi-k2',
  },
  {
    name: 'provider',
    baseURL: process.env.KIMI_PROVIDER_URL,
    apiKey: process.env.KIMI_PROVIDER_KEY,
    model: process.env.KIMI_PROVIDER_MODEL ?? 'kimi-k2.6',
  },
]

/** Sends "ping". The sandbox answers "ping"; a live model may say anything: every answer that is no error is healthy. */
async function ping({ baseURL, apiKey, model }) {
  const client = new OpenAI({ baseURL, apiKey, timeout: 10_000, maxRetries: 0 })
  const completion = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'ping' }] })
  return completion.choices[0]?.message.content ?? ''
}

const failures = []
let healthy = null
for (const place of places) {
  if (healthy !== null) break
  if (place.baseURL === undefined || place.apiKey === undefined) continue
  const startedMs = performance.now()
  try {
    const reply = await ping(place)
    healthy = { place: place.name, reply, latencyMs: Math.round(performance.now() - startedMs) }
  } catch (error) {
    failures.push({ place: place.name, error: error.message })
  }
}

console.log(JSON.stringify({ healthy: healthy !== null, ...healthy, failures }))
process.exitCode = healthy === null ? 1 : 0
