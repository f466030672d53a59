/** The usage of real answers against a plain reading of the body, and against what another project takes from such bodies. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { protocols } from '#protocol/index.ts'
import type { Exchange } from './exchange.ts'
import { readAnswer, readExchanges, sharedFolder } from './exchange.ts'

type Block = Record<string, unknown> & {
  prompt_tokens_details?: Record<string, number> | null
  completion_tokens_details?: Record<string, number> | null
}

type Document = {
  usage?: Block | null
  response?: { usage?: Block | null }
  x_groq?: { usage?: Block }
  choices?: { usage?: Block }[]
  meta?: { billed_units?: Block }
}

const documentsOf = ({ recording, bytes }: Exchange): readonly Document[] => {
  const { sse } = recording.response
  if (sse === undefined) return [JSON.parse(bytes.toString('utf8')) as Document]
  const lines = sse.split(/\r\n|\n|\r/).filter((line) => /^data:\s*\{/.test(line))
  return lines.map((line) => JSON.parse(line.slice(5)) as Document)
}

const blockOf = (document: Document): Block | undefined =>
  document.usage ??
  document.response?.usage ??
  document.x_groq?.usage ??
  document.choices?.[0]?.usage ??
  document.meta?.billed_units ??
  undefined

type Count = number | null

const count = (value: unknown): Count => (typeof value === 'number' ? value : null)

/** How many rules were needed beyond "what it says": each is told with the providers that need it. */
const notes: Readonly<Record<string, string>> = {
  'reasoning beside': 'xAI: total = prompt + completion + reasoning',
  'audio beside': 'Mistral: total = prompt + audio + completion',
  'a rest': 'Gemini: the total holds thinking that no field tells',
  'reasoning over completion':
    'Vercel, OpenRouter: more reasoning than output is told; the larger figure is the output',
}

const expectation = (block: Block): { readonly input: Count; readonly output: Count; readonly note: string | null } => {
  const input = count(block['prompt_tokens']) ?? count(block['input_tokens'])
  const output = count(block['completion_tokens']) ?? count(block['output_tokens'])
  const total = count(block['total_tokens'])
  const reasoning = block.completion_tokens_details?.['reasoning_tokens'] ?? 0
  const audio = block.prompt_tokens_details?.['audio_tokens'] ?? 0
  if (output === null && total !== null)
    return { input: input ?? total, output: input === null ? 0 : total - input, note: null }
  if (input === null || output === null || total === null) return { input, output, note: null }
  const rest = total - input - output
  if (rest > 0 && rest === reasoning) return { input, output: output + reasoning, note: 'reasoning beside' }
  if (rest > 0 && rest === audio) return { input: input + audio, output, note: 'audio beside' }
  if (rest > 0) return { input, output: output + rest, note: 'a rest' }
  if (reasoning > output) return { input, output: reasoning, note: 'reasoning over completion' }
  return { input, output, note: null }
}

const usageOf = (exchange: Exchange): Usage | null => {
  const parts = readAnswer(exchange).parts.filter((part) => part.type === 'usage')
  return parts.at(-1)?.usage ?? null
}

test('the usage is what the body says', (context) => {
  const seen = new Map<string, number>()
  let compared = 0
  for (const exchange of readExchanges().filter(({ protocol }) => protocol.name.startsWith('openai-'))) {
    const { row } = exchange
    const kind = exchange.protocol.name
    if (row.status >= 400 || kind === 'openai-speech' || row.provider === 'pydantic-gateway') continue
    if (exchange.recording.response.headers['content-type']?.startsWith('text/plain') === true) continue
    const block = documentsOf(exchange)
      .map(blockOf)
      .findLast((found) => found !== undefined)
    const usage = usageOf(exchange)
    if (block === undefined) {
      assert.equal(usage, null, row.file)
      continue
    }
    const { input, output, note } = expectation(block)
    if (note !== null) seen.set(note, (seen.get(note) ?? 0) + 1)
    assert.deepEqual({ input: usage?.input ?? null, output: usage?.output ?? null }, { input, output }, row.file)
    compared += 1
  }
  assert.deepEqual([...seen.keys()].sort(), Object.keys(notes).sort())
  context.diagnostic(`${compared} usage blocks equal`)
  for (const [note, times] of seen) context.diagnostic(`${times} × ${note}: ${notes[note]}`)
  assert.ok(compared > 600)
})

test('every answer whose body tells of a cache, reasoning or sound tells it too', () => {
  for (const exchange of readExchanges()) {
    if (exchange.row.status >= 400) continue
    const { features } = exchange.row
    if (features.includes('usage-inside-choice')) assert.notEqual(usageOf(exchange)?.input ?? null, null)
    if (exchange.row.api !== 'openai.chat') continue
    if (features.includes('cache-read-usage')) assert.ok((usageOf(exchange)?.cachedInput ?? 0) > 0, exchange.row.file)
    if (features.includes('reasoning-usage'))
      assert.notEqual(usageOf(exchange)?.reasoning ?? null, null, exchange.row.file)
  }
})

type PricedRow = {
  readonly model: string
  readonly body: { readonly usage?: JsonObject }
  readonly extracted: readonly {
    readonly usage: Readonly<Record<string, number>>
    readonly extractors: readonly { readonly provider_id: string; readonly api_flavor: string }[]
  }[]
}

const figures: ReadonlyArray<readonly [theirs: string, ours: keyof Usage]> = [
  ['input_tokens', 'input'],
  ['output_tokens', 'output'],
  ['cache_read_tokens', 'cachedInput'],
  ['cache_write_tokens', 'cacheWrite'],
  ['output_reasoning_tokens', 'reasoning'],
  ['input_audio_tokens', 'audioInput'],
]

/** Where we differ on purpose. */
const differences: Readonly<Record<string, string>> = {
  'mistral-large-latest cachedInput': 'they read no num_cached_tokens under the rules of OpenAI',
  'mistral-medium-latest cachedInput': 'they read no num_cached_tokens under the rules of OpenAI',
  'gemini-2.5-pro-preview-05-06 output': 'they leave out the thinking that only the total tells (100 = 66 + 6 + 28)',
}

test('the usage is what genai-prices takes from a chat body', (context) => {
  const rows = JSON.parse(
    readFileSync(join(sharedFolder(), 'usage', 'genai-prices-usages.json'), 'utf8'),
  ) as PricedRow[]
  const { readUsage } = protocols['openai-chat'].client
  const found = new Set<string>()
  let agreed = 0
  for (const { model, body, extracted } of rows) {
    const block = body.usage
    if (block?.['prompt_tokens'] === undefined) continue
    const theirs = extracted.find(({ extractors }) =>
      extractors.some((one) => one.provider_id === 'openai' && one.api_flavor === 'chat'),
    )
    if (theirs === undefined) continue
    const usage = readUsage(block)
    const differ = figures.filter(([name, own]) => (theirs.usage[name] ?? 0) !== (usage[own] ?? 0))
    if (differ.length === 0) agreed += 1
    for (const [, own] of differ) found.add(`${model} ${own}`)
  }
  assert.deepEqual([...found], Object.keys(differences))
  assert.ok(agreed > 150, `only ${agreed} agreed`)
  context.diagnostic(`${agreed} chat bodies agree; ${found.size} differ`)
  for (const [name, reason] of Object.entries(differences)) context.diagnostic(`${name}: ${reason}`)
})
