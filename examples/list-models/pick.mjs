// Lists the models that the key may use, and picks one of them before it calls: no unknown model, no surprise.
//
// Run it:
//   npm install openai
//   DROVER_API_KEY=hs-test-... node pick.mjs kimi-k3 kimi-k2 gpt-4.1
//
// The arguments are wishes, the dearest first. DROVER_BASE_URL names another relay than http://127.0.0.1:4000/v1.

import process from 'node:process'
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: process.env.DROVER_BASE_URL ?? 'http://127.0.0.1:4000/v1',
  apiKey: process.env.DROVER_API_KEY ?? '',
})

const wishes = process.argv.length > 2 ? process.argv.slice(2) : ['kimi-k2', 'gpt-4.1']
const available = new Set()
for await (const model of client.models.list()) available.add(model.id)

const model = wishes.find((wish) => available.has(wish))
if (model === undefined) {
  console.error(`None of ${wishes.join(', ')} is available. This key may use: ${[...available].sort().join(', ')}`)
  process.exit(1)
}

const completion = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: 'Say hello.' }],
})
console.log(
  JSON.stringify({ picked: model, available: available.size, content: completion.choices[0]?.message.content }),
)
