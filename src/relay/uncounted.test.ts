import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { PriceRow } from '#base/price-row.ts'
import { samplePriceRow } from '#base/sample-price-row.ts'
import { usageOf } from '#base/usage.ts'
import { chargeOf } from '#ledger/charge.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import { fieldOf, fileOf, formOf, inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiTranscriptions } from '#protocol/openai/transcriptions.ts'
import { meter } from './meter.ts'
import { withSoundSeconds } from './pieces.ts'
import { openStage, sampleModel, samplePrice } from './test-stage.ts'
import type { KnownUsage } from './uncounted.ts'
import { askedText, knownUsage, spokenTokens } from './uncounted.ts'

/** A WAV of 1,024 samples a second. */
const soundOf = (bytes: number): string => {
  const data = Buffer.alloc(44 + bytes)
  data.write('RIFF....WAVEfmt ', 0, 'latin1')
  data.writeUInt32LE(16, 16)
  data.writeUInt16LE(1, 20)
  data.writeUInt32LE(1_024, 24)
  data.writeUInt16LE(1, 32)
  data.write('data', 36, 'latin1')
  data.writeUInt32LE(bytes, 40)
  return data.toString('latin1')
}

const transcription = (file: string, fields: Readonly<Record<string, string>> = {}): Promise<Call> => {
  const parts = [...Object.entries(fields).map(([name, value]) => fieldOf(name, value)), fileOf('file', file)]
  const form = formOf([fieldOf('model', 'm'), ...parts])
  return withSoundSeconds(openaiTranscriptions.server.readCall(inboundOf({ kind: 'form', form })))
}

const byTokens = samplePriceRow({ input: 1n, audioInput: 6n, output: 10n })
const bySecond = samplePriceRow({ items: { seconds: 100n } })
const byPicture = samplePriceRow({ items: { images: 40n } })

/** What is known of an answer with this body; a token is a letter. */
const knownOf = async (call: Call, body: string, prices: readonly PriceRow[]): Promise<KnownUsage> => {
  const counted = meter(async (text) => text.length)
  const isEvents = body.startsWith('data:')
  const type = isEvents ? 'text/event-stream' : body.startsWith('{') ? 'application/json' : 'text/plain'
  const { client } = protocols[call.protocol as 'openai-images']
  const reader = client.readReply(call, { status: 200, headers: { 'content-type': type } })
  for (const frame of [...reader.read(Buffer.from(body)), ...reader.end()])
    for (const part of frame.parts) counted.see(part)
  return knownUsage(call, { meter: counted, whole: true, bytes: body.length, prices: [prices] })
}

const costOf = ({ usage }: KnownUsage, row: PriceRow): bigint | null => chargeOf(usage, [row], 0)?.costNanoUsd ?? null

const callOf = (
  name: 'openai-images' | 'openai-embeddings' | 'openai-speech' | 'openai-rerank' | 'openai-moderations',
  body: object,
) => protocols[name].server.readCall(inboundOf(JSON.stringify({ model: 'm', ...body })))

test('what was asked is its texts, wherever they stand, and not what is to be done with them', () => {
  assert.equal(askedText(callOf('openai-embeddings', { input: ['one ', 'two'], encoding_format: 'float' })), 'one two')
  assert.equal(askedText(callOf('openai-embeddings', { input: [[5, 6], [7]], dimensions: 3 })), ' a a a')
  assert.equal(askedText(callOf('openai-rerank', { query: 'q ', documents: ['d ', { text: 'e' }], top_n: 1 })), 'q d e')
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  assert.equal(askedText(callOf('openai-moderations', { input: [{ type: 'text', text: 'x' }, image] })), 'x')
  const chat = protocols['openai-chat'].server.readCall(inboundOf('{"model":"m","messages":[]}'))
  assert.equal(askedText(chat), null)
})

test('speech lasts as long as people take for it, in letters and in syllables', () => {
  assert.equal(spokenTokens(''), 0)
  assert.equal(spokenTokens('a'.repeat(150)), 200)
  assert.equal(spokenTokens('汉'.repeat(45)), 200)
})

test('vectors and sound without a word of usage are charged for by what was asked', async () => {
  const { rates } = samplePrice
  const price = { ...samplePrice, rates: { ...rates, audioOutput: 12_000_000_000n } }
  const models = [sampleModel([{}], { price })]
  const stage = openStage({ models })
  const embedding = await stage.call({
    protocol: protocols['openai-embeddings'],
    path: 'embeddings',
    body: { input: 'four words of text', messages: undefined },
  })
  stage.arrival('alpha').answer(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] })
  await stage.settle()
  const { usage, costNanoUsd } = embedding.record()
  assert.ok((usage?.input ?? 0) > 0)
  assert.deepEqual([usage?.output, usage?.source], [0, 'counted'])
  assert.equal(costNanoUsd, (BigInt(usage?.input ?? 0) * (rates.input ?? 0n)) / 1_000_000n)

  const booth = openStage({ models })
  const spoken = await booth.call({
    protocol: protocols['openai-speech'],
    path: 'audio/speech',
    body: { input: 'a'.repeat(150), voice: 'v', messages: undefined },
  })
  const arrival = booth.arrival('alpha')
  arrival.head(200, { 'content-type': 'audio/mpeg' })
  arrival.write('ID3')
  arrival.end()
  await booth.settle()
  const said = spoken.record()
  assert.deepEqual([said.usage?.audioOutput, said.usage?.source], [200, 'estimated'])
  assert.ok((said.costNanoUsd ?? 0n) > 200n * 12_000n)
  assert.match(booth.settled[0]?.rule ?? '', /^estimated by Drover from what was asked/)
})

test('a voice whose sound costs nothing by the token is charged for its text alone', async () => {
  const silent = samplePriceRow({ input: 15_000_000_000n, output: null })
  const stage = openStage({
    models: [sampleModel([{}], { price: { currency: 'USD', rates: silent.rates } })],
  })
  const spoken = await stage.call({
    protocol: protocols['openai-speech'],
    path: 'audio/speech',
    body: { input: 'hello there', voice: 'v', messages: undefined },
  })
  const arrival = stage.arrival('alpha')
  arrival.head(200, { 'content-type': 'audio/mpeg' })
  arrival.write('ID3')
  arrival.end()
  await stage.settle()
  const { usage, costNanoUsd } = spoken.record()
  assert.equal(usage?.output, 0)
  assert.equal(costNanoUsd, BigInt(usage?.input ?? 0) * 15_000n)
})

test('pictures are charged for by the piece, however they come, and where tokens are told instead', async () => {
  const call = callOf('openai-images', { prompt: 'a fox', n: 2 })
  const two = await knownOf(call, '{"created":1,"data":[{"b64_json":"AA"},{"url":"u"}]}', [byPicture])
  assert.deepEqual([two.usage.items, two.usage.source, costOf(two, byPicture)], [{ images: 2 }, 'counted', 80n])
  assert.equal(two.from, 'the pictures that were delivered')
  const other = await knownOf(call, '{"images":[{"url":"u"}]}', [byPicture])
  assert.equal(costOf(other, byPicture), 40n)
  const usage = '"usage":{"input_tokens":9,"output_tokens":200,"total_tokens":209}'
  const told = await knownOf(call, `{"data":[{"b64_json":"AA"}],${usage}}`, [byPicture])
  assert.deepEqual([told.usage.output, costOf(told, byPicture)], [200, 40n])
  const preview = 'data: {"type":"image_generation.partial_image","b64_json":"A"}\n\n'
  const done = 'data: {"type":"image_generation.completed","b64_json":"A"}\n\n'
  assert.equal(costOf(await knownOf(call, preview + preview + done + preview, [byPicture]), byPicture), 80n)
})

test('pictures that are sold by tokens which nobody told are not known, and no call counts pieces that nobody prices', async () => {
  const call = callOf('openai-images', { prompt: 'a fox' })
  const row = samplePriceRow({ input: 5n, imageOutput: 30n })
  const untold = await knownOf(call, '{"data":[{"b64_json":"AA"}]}', [row])
  assert.deepEqual([untold.usage.items, untold.from, costOf(untold, row)], [null, null, null])
  const empty = await knownOf(call, '{"data":[]}', [byPicture])
  assert.equal(costOf(empty, byPicture), null)
})

test('a recording costs its seconds: as the provider says, else as its file does, else as long as it takes to say the words', async () => {
  const call = await transcription(soundOf(2_560))
  const filed = await knownOf(call, '{"text":"hi"}', [bySecond])
  assert.deepEqual([filed.usage.items, filed.usage.source], [{ seconds: 3 }, 'estimated'])
  assert.deepEqual([filed.from, costOf(filed, bySecond)], ['how long the file says that it plays', 300n])
  const said = await knownOf(call, '{"text":"hi","duration":6.2}', [bySecond])
  assert.deepEqual([said.from, said.usage.source, costOf(said, bySecond)], [null, 'reported', 700n])
  const unread = await transcription('webm')
  const spoken = await knownOf(unread, 'w'.repeat(150), [bySecond])
  assert.deepEqual([spoken.from, costOf(spoken, bySecond)], ['how long it takes to say what was heard', 1_000n])
})

test('a recording costs its tokens where those are priced: ten a second, and the words that were heard', async () => {
  const call = await transcription(soundOf(2_560))
  const heard = async (body: string) => {
    const { usage } = await knownOf(call, body, [byTokens])
    const { input, audioInput, output, items, source } = usage
    return [input, audioInput, output, items, source]
  }
  assert.deepEqual(await heard('{"text":"hi"}'), [25, 25, 2, null, 'estimated'])
  assert.deepEqual(await heard('{"text":"hi","duration":6}'), [60, 60, 2, null, 'estimated'])
  assert.deepEqual(await heard('twelve chars'), [25, 25, 3, null, 'estimated'])
  const told = '{"text":"hi","usage":{"input_tokens":14,"output_tokens":5,"total_tokens":19}}'
  assert.deepEqual(await heard(told), [14, null, 5, null, 'reported'])
})

test('documents are ranked by units of a hundred, speech is spoken by the character, where the price is in those', async () => {
  const documents = [...Array.from({ length: 99 }, () => 'd'), 'e'.repeat(2_001)]
  const ranked = await knownOf(callOf('openai-rerank', { query: 'q', documents }), '{"results":[]}', [
    samplePriceRow({ items: { search_units: 2n } }),
  ])
  assert.deepEqual([ranked.usage.items, ranked.from], [{ search_units: 2 }, 'what was asked'])
  const spoken = await knownOf(callOf('openai-speech', { input: 'hello', voice: 'v' }), '{}', [
    samplePriceRow({ items: { characters: 3n } }),
  ])
  assert.deepEqual(spoken.usage.items, { characters: 5 })
})

test('what is charged for pictures and why stands on the receipt; what nobody can tell is warned of', async () => {
  const sold = async (rates: Parameters<typeof samplePriceRow>[0]) => {
    const price = { currency: 'USD' as const, rates: samplePriceRow(rates).rates }
    const stage = openStage({ models: [sampleModel([{}], { price })] })
    const asking = { protocol: protocols['openai-images'], path: 'images/generations' }
    const caller = await stage.call({ ...asking, body: { prompt: 'a fox', messages: undefined } })
    stage.arrival('alpha').answer(200, { created: 1, data: [{ b64_json: 'AAAA' }] })
    await stage.settle()
    return { record: caller.record(), rule: stage.settled[0]?.rule }
  }
  const { record, rule } = await sold({ items: { images: 40_000_000n } })
  assert.deepEqual([record.costNanoUsd, record.warnings], [40_000_000n, []])
  assert.match(rule ?? '', /^counted by Drover from the pictures that were delivered: /)
  const untold = await sold({ input: 5n, imageOutput: 30n })
  assert.equal(untold.record.costNanoUsd, null)
  assert.match(untold.record.warnings.join(), /^usage:the provider told too little/)
})

test('of vectors of pictures only the words are counted where the provider tells none, and that is said', async () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const call = callOf('openai-embeddings', { input: [{ type: 'text', text: 'fox' }, image] })
  const row = samplePriceRow({ input: 1_000_000n })
  const untold = await knownOf(call, '{"data":[{"embedding":[1]}]}', [row])
  assert.deepEqual([untold.usage.input, costOf(untold, row), untold.unknown], [3, 3n, 'pictures or sound'])
  const told = await knownOf(call, '{"data":[],"usage":{"prompt_tokens":9,"total_tokens":9}}', [row])
  assert.deepEqual([told.usage.input, told.unknown], [9, undefined])
  const stage = openStage({ models: [sampleModel([{}], { price: { currency: 'USD', rates: row.rates } })] })
  const asking = { protocol: protocols['openai-embeddings'], path: 'embeddings' }
  const caller = await stage.call({ ...asking, body: { input: ['fox', image], messages: undefined } })
  stage.arrival('alpha').answer(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] })
  await stage.settle()
  assert.match(caller.header('x-drover-warnings') ?? '', /pictures or sound in what was asked are not counted/)
  assert.equal(caller.record().warnings.length, 1)
})

test('a usage without a figure is none', async () => {
  const read = meter(async (text) => text.length)
  read.see({ type: 'usage', usage: usageOf({ serviceTier: 'default' }), raw: {} })
  const call = callOf('openai-embeddings', { input: 'fox' })
  const { usage } = await knownUsage(call, { meter: read, whole: true, bytes: 0, prices: [] })
  assert.deepEqual([usage.input, usage.source], [3, 'counted'])
})
