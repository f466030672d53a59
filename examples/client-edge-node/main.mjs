// Moves a percentage of conversations from a provider onto the relay, and goes around the relay when it is down.
//
// Run it (Node 22.18 or later reads drover-edge.ts as it is; copy that file into your own program):
//   OPENAI_API_KEY=sk-... DROVER_API_KEY=hs-live-... DROVER_PERCENT=50 node main.mjs
//
// PROVIDER_BASE_URL names another provider than https://api.openai.com/v1, DROVER_BASE_URL another relay than
// http://127.0.0.1:4000/v1; MODEL another model than gpt-4.1. DROVER_REPORT=off reports nothing.

import process from 'node:process'
import { DroverEdge } from '../../clients/ts/drover-edge.ts'

const { PROVIDER_BASE_URL, OPENAI_API_KEY, DROVER_BASE_URL, DROVER_API_KEY, DROVER_REPORT, MODEL } = process.env

const edge = new DroverEdge({
  migration: 'onto-drover',
  baseline: { baseURL: PROVIDER_BASE_URL ?? 'https://api.openai.com/v1', apiKey: OPENAI_API_KEY },
  candidate: { baseURL: DROVER_BASE_URL ?? 'http://127.0.0.1:4000/v1', apiKey: DROVER_API_KEY },
  ...(DROVER_REPORT === 'off' ? { report: null } : {}),
})

/** One call, as an SDK makes it: it throws an error that has the status. */
const ask = (conversation, content) =>
  edge.call(conversation, async ({ name, baseURL, apiKey }) => {
    const response = await fetch(`${baseURL}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-session-id': conversation },
      body: JSON.stringify({ model: MODEL ?? 'gpt-4.1', messages: [{ role: 'user', content }] }),
      signal: AbortSignal.timeout(30_000),
    })
    const body = await response.json()
    if (!response.ok) throw Object.assign(new Error(body.error?.message), { status: response.status })
    return { ...body, answeredBy: name }
  })

for (const conversation of ['anna', 'ben', 'gus', 'hal', 'leo', 'nils']) {
  const { choices, answeredBy } = await ask(conversation, `Good morning from ${conversation}`)
  console.log(JSON.stringify({ conversation, answeredBy, said: choices[0].message.content }))
}
await edge.flush()
console.log(JSON.stringify(edge.state()))
