import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Form } from '#http/inbound.ts'
import type { UpstreamBody } from '#http/transport.ts'
import type { Call, Edits } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { ProtocolName } from '#protocol/protocol.ts'
import { fieldOf, fileOf, formOf, inboundOf } from './test-inbound.ts'

const none: Edits = { set: {}, cut: [], rename: {} }

const callOf = (body: Parameters<typeof inboundOf>[0], name: ProtocolName = 'openai-chat', path?: string): Call =>
  protocols[name].server.readCall(inboundOf(body, path))

const bytesOf = async (body: UpstreamBody): Promise<Buffer> => {
  if (body.kind === 'none') return Buffer.alloc(0)
  if (body.kind === 'bytes') return Buffer.from(body.bytes)
  const pieces: Buffer[] = []
  for await (const piece of body.open()) pieces.push(piece)
  return Buffer.concat(pieces)
}

const written = async (call: Call, model: string, edits: Partial<Edits> = {}): Promise<string> => {
  const { value } = protocols['openai-chat'].client.writeCall(call, { model, edits: { ...none, ...edits } })
  return (await bytesOf(value.body)).toString('utf8')
}

const odd =
  '{ "messages" : [ {"role":"user","content":"\\u00e9\\/ \\"x\\""} ],\r\n\t"model":"a\\u002d1" , "seed":1.0e2, "big":12345678901234567890,"dup":1,"dup":2 }'

test('a call that needs no change goes out byte for byte', async () => {
  const call = callOf(odd)
  assert.equal(await written(call, 'a-1'), odd)
  const { value, warnings } = protocols['openai-chat'].client.writeCall(call, { model: 'a-1', edits: none })
  assert.deepEqual([value.path, value.contentType, warnings], ['chat/completions', 'application/json', []])
})

test('only the model changes where only the model must', async () => {
  assert.equal(await written(callOf(odd), 'b/"2'), odd.replace('"a\\u002d1"', '"b/\\"2"'))
})

test('Drover’s own fields are cut, the caller’s doubled model cannot slip through', async () => {
  const call = callOf(
    '{"model":"a","messages":[],"usage":{"include":true},"models":["b"],"provider":{},"model":"a","x":1}',
  )
  assert.equal(await written(call, 'z'), '{"model":"z","messages":[],"model":"z","x":1}')
})

test('a vendor keeps a field by setting it, where it stands', async () => {
  const call = callOf('{"model":"a","provider":{"order":["x"]},"messages":[]}')
  assert.equal(
    await written(call, 'a', { set: { provider: '{"order":["x"]}' } }),
    '{"model":"a","provider":{"order":["x"]},"messages":[]}',
  )
})

test('edits set, cut and rename', async () => {
  const call = callOf('{"model":"a","messages":[],"temperature":0.7,"top_k":3,"max_tokens":5}')
  const edits = {
    set: { temperature: '1', stream_options: '{}' },
    cut: ['top_k'],
    rename: { max_tokens: 'max_completion_tokens' },
  }
  assert.equal(
    await written(call, 'a', edits),
    '{"model":"a","messages":[],"temperature":1,"max_completion_tokens":5,"stream_options":{}}',
  )
})

test('a model that the caller left out is named', async () => {
  assert.equal(await written(callOf('{"input":"x"}', 'openai-moderations'), 'mod-2'), '{"input":"x","model":"mod-2"}')
})

const { askUsage, dropUsage } = protocols['openai-chat'].client

test('usage of a stream is asked for beside the caller’s other options', () => {
  const ask = (fields: object): Edits | null =>
    askUsage(callOf(JSON.stringify({ model: 'm', messages: [], ...fields })))
  assert.deepEqual(ask({ stream: true })?.set, { stream_options: '{"include_usage":true}' })
  assert.deepEqual(ask({ stream: true, stream_options: { include_obfuscation: false, include_usage: false } })?.set, {
    stream_options: '{"include_obfuscation":false,"include_usage":true}',
  })
  assert.equal(ask({ stream: true, stream_options: { include_usage: true } }), null)
  assert.equal(ask({}), null)
  assert.equal(askUsage(callOf('{"model":"m","input":"x","stream":true}', 'openai-speech')), null)
})

test('the question for usage is taken out, and nothing else', () => {
  const drop = (options: object): Edits | null =>
    dropUsage(callOf(JSON.stringify({ model: 'm', messages: [], stream: true, stream_options: options })))
  assert.deepEqual(drop({ include_usage: true })?.cut, ['stream_options'])
  assert.deepEqual(drop({ a: 1, include_usage: true })?.set, { stream_options: '{"a":1}' })
  assert.equal(drop({ a: 1 }), null)
})

const form: Form = formOf([
  fieldOf('model', 'whisper-1'),
  fileOf('file', 'RIFFxxxx', 'we"ird\r\nname.wav'),
  fieldOf('prompt', 'Grüße'),
  fieldOf('timestamp_granularities[]', 'word'),
  fieldOf('timestamp_granularities[]', 'segment'),
])

test('a form is written again part by part, its length known, as often as it is asked for', async () => {
  const call = callOf({ kind: 'form', form }, 'openai-transcriptions', '/v1/audio/translations')
  const edits = { ...none, set: { temperature: '0', language: '"de"' }, cut: ['prompt'] }
  const { value } = protocols['openai-transcriptions'].client.writeCall(call, { model: 'large-v3', edits })
  assert.equal(value.path, 'audio/translations')
  assert.equal(value.contentType, 'multipart/form-data; boundary=drover-call_01test')
  const bytes = await bytesOf(value.body)
  const part = (head: string, body: string): string =>
    `--drover-call_01test\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`
  const expected = [
    part('name="temperature"', '0'),
    part('name="language"', 'de'),
    part('name="model"', 'large-v3'),
    part('name="file"; filename="we%22ird%0D%0Aname.wav"\r\nContent-Type: audio/wav', 'RIFFxxxx'),
    part('name="timestamp_granularities[]"', 'word'),
    part('name="timestamp_granularities[]"', 'segment'),
    '--drover-call_01test--\r\n',
  ]
  assert.equal(bytes.toString('utf8'), expected.join(''))
  assert.ok(value.body.kind === 'stream' && value.body.lengthBytes === bytes.length)
  assert.ok((await bytesOf(value.body)).equals(bytes))
})

test('a form that names its model twice is sent with one', async () => {
  const call = callOf(
    { kind: 'form', form: formOf([fieldOf('prompt', 'x'), fileOf('image', 'PNG!')]) },
    'openai-images',
    '/v1/images/edits',
  )
  const { value } = protocols['openai-images'].client.writeCall(call, { model: 'gpt-image-1', edits: none })
  const text = (await bytesOf(value.body)).toString('utf8')
  assert.equal(text.split('name="model"').length, 2)
  assert.match(text, /name="model"\r\n\r\ngpt-image-1\r\n/)
})
