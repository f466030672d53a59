import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { readClientEvent } from './client-event.ts'
import { dearerFacts, firstFacts, sessionFacts } from './session-facts.ts'
import { readResponseUsage, readTranscriptionUsage } from './usage.ts'

test('usage of a response: sound and pictures without what of them came out of the cache', () => {
  const usage = readResponseUsage({
    total_tokens: 253,
    input_tokens: 132,
    output_tokens: 121,
    input_token_details: {
      text_tokens: 79,
      audio_tokens: 53,
      image_tokens: 0,
      cached_tokens: 64,
      cached_tokens_details: { text_tokens: 40, audio_tokens: 24, image_tokens: 0 },
    },
    output_token_details: { text_tokens: 30, audio_tokens: 91 },
  })
  const { input, output, cachedInput, cachedAudioInput, audioInput, audioOutput } = usage
  assert.deepEqual([input, output, cachedInput, cachedAudioInput, audioInput, audioOutput], [132, 121, 64, 24, 29, 91])
  assert.equal(readResponseUsage({ input_tokens: 5, output_tokens: 1 }).audioInput, null)
})

test('usage of a transcription: tokens, or seconds begun', () => {
  const tokens = readTranscriptionUsage({
    type: 'tokens',
    input_tokens: 10,
    output_tokens: 4,
    input_token_details: { audio_tokens: 8 },
  })
  assert.deepEqual([tokens.input, tokens.output, tokens.audioInput], [10, 4, 8])
  assert.deepEqual(readTranscriptionUsage({ type: 'duration', seconds: 2.1 }).items, { seconds: 3 })
})

test('settings are read in both forms; what is left out stays; what is asked for counts at once, what is given up when it is told', () => {
  const present = sessionFacts(firstFacts, {
    type: 'realtime',
    max_output_tokens: 200,
    audio: {
      input: { format: { type: 'audio/pcmu' }, turn_detection: null, transcription: { model: 'whisper-1' } },
      output: { format: { type: 'audio/pcm', rate: 24_000 } },
    },
  })
  assert.deepEqual(
    [present.createsResponses, present.detectsTurns, present.transcriptionModel, present.outputMax],
    [false, false, 'whisper-1', 200],
  )
  assert.deepEqual([present.soundInBytes, present.soundOutBytes], [8_000, 48_000])
  const beta = sessionFacts(present, {
    turn_detection: { type: 'server_vad', create_response: false },
    input_audio_transcription: null,
    max_response_output_tokens: 'inf',
    input_audio_format: 'pcm16',
  })
  assert.deepEqual(
    [beta.createsResponses, beta.detectsTurns, beta.transcriptionModel, beta.outputMax, beta.soundInBytes],
    [false, true, null, null, 48_000],
  )
  const writes = sessionFacts(firstFacts, { type: 'transcription' })
  assert.deepEqual([writes.transcribesOnly, writes.createsResponses], [true, false])
  const dearer = dearerFacts(firstFacts, present)
  assert.deepEqual(
    [dearer.createsResponses, dearer.transcriptionModel, dearer.outputMax, dearer.soundInBytes],
    [true, 'whisper-1', null, 8_000],
  )
})

test('an event is an object with a type, in text', () => {
  const event = readClientEvent({ data: Buffer.from('{"type":"x","event_id":"e","response":{"a":1}}'), binary: false })
  assert.deepEqual(
    [event.type, event.eventId, event.object('response'), event.object('none')],
    ['x', 'e', { a: 1 }, {}],
  )
  for (const [text, code] of [
    ['{"type":1}', 'invalid_request_error'],
    ['[1]', 'invalid_json'],
  ] as const)
    assert.throws(() => readClientEvent({ data: Buffer.from(text), binary: false }), { code })
})
