import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { quarterTokens, readEvents, readJson, readWhole, sandboxClient } from './sandbox-client.ts'

const send = sandboxClient()
const json = async (path: string, body: JsonObject) => readJson(await send(path, body))

const code = async (path: string, body: JsonObject): Promise<string> =>
  send(path, body).then(
    () => 'none',
    (thrown: unknown) => (thrown instanceof Problem ? thrown.code : String(thrown)),
  )

test('a completion repeats each prompt, n times, echoing it where asked', async () => {
  const body = { model: 'm', prompt: ['alpha beta', 'gamma'], n: 2, echo: true }
  const reply = await json('completions', body)
  const choices = reply['choices'] as unknown as { text: string; index: number; finish_reason: string }[]
  assert.deepEqual(
    choices.map(({ text }) => text),
    ['alpha beta', 'alpha beta', 'gamma', 'gamma'].map((text) => text + text),
  )
  assert.deepEqual(
    choices.map(({ index }) => index),
    [0, 1, 2, 3],
  )
  const events = await readEvents(await send('completions', { model: 'm', prompt: 'alpha beta', stream: true }))
  assert.equal(events.at(-1), '[DONE]')
  const texts = events
    .slice(0, -1)
    .map((event) => (JSON.parse(event) as { choices: { text: string }[] }).choices[0]?.text)
  assert.equal(texts.join(''), 'alpha beta')
  assert.equal(await code('completions', { model: 'm', prompt: Array(2_000).fill('a'), n: 2 }), 'invalid_request_error')
  assert.equal(await code('completions', { model: 'm', prompt: 'sandbox:status=503' }), 'upstream_overloaded')
})

const vectors = async (body: JsonObject) => {
  const reply = await json('embeddings', { model: 'm', ...body })
  return { reply, data: reply['data'] as unknown as { index: number; embedding: number[] | string }[] }
}

test('embeddings are unit vectors, the same for the same text', async () => {
  const { reply, data } = await vectors({ input: ['alpha', 'beta', 'alpha'] })
  assert.deepEqual(
    data.map(({ index }) => index),
    [0, 1, 2],
  )
  const [first, second, third] = data.map(({ embedding }) => embedding as number[])
  assert.equal(first?.length, 1_536)
  assert.deepEqual(first, third)
  assert.notDeepEqual(first, second)
  const length = Math.sqrt((first ?? []).reduce((sum, value) => sum + value * value, 0))
  assert.ok(Math.abs(length - 1) < 1e-6, `${length}`)
  const tokens = ['alpha', 'beta', 'alpha'].reduce((sum, text) => sum + Number(quarterTokens(text)), 0)
  assert.deepEqual(reply['usage'], { prompt_tokens: tokens, total_tokens: tokens })
})

test('embeddings come in the asked number of dimensions, and in base64 the same numbers', async () => {
  const [plain] = (await vectors({ input: 'alpha', dimensions: 8 })).data
  const [coded] = (await vectors({ input: 'alpha', dimensions: 8, encoding_format: 'base64' })).data
  const bytes = Buffer.from(String(coded?.embedding), 'base64')
  assert.deepEqual(
    Array.from({ length: 8 }, (_, at) => bytes.readFloatLE(at * 4)),
    plain?.embedding,
  )
  assert.equal(await code('embeddings', { model: 'm', input: 'a', dimensions: 0 }), 'invalid_request_error')
  for (const input of ['', [], ['a', '']])
    assert.equal(await code('embeddings', { model: 'm', input }), 'invalid_request_error')
  assert.equal(await code('embeddings', { model: 'm', input: Array(2_049).fill('a') }), 'invalid_request_error')
  assert.equal(await code('embeddings', { model: 'm', input: 'sandbox:status=429' }), 'rate_limit_exceeded')
  assert.equal((await vectors({ input: [1, 2, 3] })).data.length, 1)
})

test('a moderation flags only what asks for it', async () => {
  const flags = async (input: unknown) => {
    const reply = await json('moderations', { model: 'm', input: input as string })
    return (reply['results'] as unknown as { flagged: boolean; categories: Record<string, boolean> }[]).map((one) => [
      one.flagged,
      Object.values(one.categories).filter(Boolean).length,
    ])
  }
  assert.deepEqual(await flags('I dislike Mondays'), [[false, 0]])
  assert.deepEqual(await flags('sandbox:flag me'), [[true, 1]])
  assert.deepEqual(await flags(['one', 'two sandbox:flag']), [
    [false, 0],
    [true, 1],
  ])
  assert.deepEqual(
    await flags([
      { type: 'text', text: 'x sandbox:flag' },
      { type: 'image_url', image_url: { url: 'u' } },
    ]),
    [[true, 1]],
  )
})

test('a ranking goes by the words that are shared', async () => {
  const documents = ['the moon', { text: 'green cheese and the moon' }, 'nothing like it', 'green cheese']
  const reply = await json('rerank', { model: 'm', query: 'Green cheese', documents, top_n: 3, return_documents: true })
  const results = reply['results'] as unknown as {
    index: number
    relevance_score: number
    document: { text: string }
  }[]
  assert.deepEqual(
    results.map(({ index }) => index),
    [3, 1, 0],
  )
  assert.equal(results[0]?.relevance_score, 1)
  assert.equal(results[1]?.document.text, 'green cheese and the moon')
  assert.ok((reply['usage'] as unknown as { total_tokens: number }).total_tokens > 0)
})

test('images are one pixel, as base64, as a data URL, or as an event', async () => {
  const one = await json('images/generations', { model: 'm', prompt: 'a cat', n: 2 })
  const data = one['data'] as unknown as { b64_json?: string; url?: string }[]
  assert.equal(data.length, 2)
  assert.equal(Buffer.from(data[0]?.b64_json ?? '', 'base64').toString('latin1', 1, 4), 'PNG')
  const linked = await json('images/generations', { model: 'm', prompt: 'a cat', response_format: 'url' })
  assert.match(JSON.stringify(linked['data']), /"url":"data:image\/png;base64,/)
  const events = await readEvents(await send('images/generations', { model: 'm', prompt: 'a cat', stream: true }))
  assert.equal((JSON.parse(events[0] ?? '') as JsonObject)['type'], 'image_generation.completed')
})

test('speech is a WAV of silence whose sizes are right', async () => {
  const reply = await send('audio/speech', { model: 'm', input: 'hello', voice: 'alloy' })
  assert.equal(reply.headers['content-type'], 'audio/wav')
  const sound = await readWhole(reply)
  assert.equal(sound.toString('latin1', 0, 4), 'RIFF')
  assert.equal(sound.readUInt32LE(4), sound.length - 8)
  assert.equal(sound.readUInt32LE(40), sound.length - 44)
  assert.ok(sound.subarray(44).every((byte) => byte === 0))
  const pcm = await send('audio/speech', { model: 'm', input: 'hello', response_format: 'pcm' })
  assert.equal((await readWhole(pcm)).length, sound.length - 44)
  const events = await readEvents(await send('audio/speech', { model: 'm', input: 'hello', stream_format: 'sse' }))
  assert.deepEqual(
    events.map((event) => (JSON.parse(event) as JsonObject)['type']),
    ['speech.audio.delta', 'speech.audio.done'],
  )
})

const upload = async (fields: Readonly<Record<string, string>>, path = 'audio/transcriptions') => {
  const boundary = 'b1'
  const parts = Object.entries({ model: 'whisper-1', ...fields }).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n${'x'.repeat(1_234)}\r\n--${boundary}--\r\n`
  async function* open(): AsyncGenerator<Buffer> {
    yield Buffer.from(parts.join(''))
    yield Buffer.from(file)
  }
  return send(path, '', {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: { kind: 'stream', open, lengthBytes: null },
  })
}

test('a transcription says how many bytes it heard, in each form', async () => {
  const said = '[audio 1234 bytes]'
  assert.equal((await readJson(await upload({})))['text'], said)
  assert.equal((await readJson(await upload({ response_format: 'verbose_json' })))['duration'], 1)
  assert.equal((await readWhole(await upload({ response_format: 'text' }))).toString(), `${said}\n`)
  assert.match(
    (await readWhole(await upload({ response_format: 'srt' }))).toString(),
    /^1\n00:00:00,000 --> 00:00:01,000\n\[audio/,
  )
  assert.match((await readWhole(await upload({ response_format: 'vtt' }))).toString(), /^WEBVTT\n\n/)
  assert.equal((await readJson(await upload({}, 'audio/translations')))['text'], said)
  const events = (await readEvents(await upload({ stream: 'true' }))).map((event) => JSON.parse(event) as JsonObject)
  assert.equal(events.map(({ delta }) => delta ?? '').join(''), said)
  assert.equal(events.at(-1)?.['type'], 'transcript.text.done')
  assert.equal(
    (await readJson(await send('audio/transcriptions', { model: 'm', input_audio: { data: 'AAAA', format: 'wav' } })))[
      'text'
    ],
    '[audio 3 bytes]',
  )
})
