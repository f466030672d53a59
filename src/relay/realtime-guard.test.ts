import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import type { GuardFacts } from '#policy/guard.ts'
import { makeGuard } from '#policy/guard.ts'
import { messageOf } from '#protocol/openai-realtime/server-event.ts'
import { guardedWords, guardOpening } from './realtime-guard.ts'
import { openTestSession } from './test-session.ts'
import { openStage } from './test-stage.ts'

const guardOf = (changes: Partial<GuardFacts> = {}) =>
  makeGuard({
    name: 'pii',
    sides: ['request', 'reply'],
    action: 'redact',
    finds: ['mail', 'card'],
    patterns: [],
    promptBytesMax: null,
    modelsAllowed: null,
    parametersAllowed: null,
    parametersDenied: [],
    hook: null,
    scope: { keys: null, projects: null, plans: null, models: null },
    ...changes,
  })

const item = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 }
const delta = (text: string, type = 'response.output_audio_transcript.delta') => ({ type, ...item, delta: text })

const wordsOf = (changes: Partial<GuardFacts> = {}) => {
  const words = guardedWords(() => [guardOf(changes)])
  const pass = (event: JsonObject): readonly JsonObject[] =>
    words.pass(event, messageOf(event)).map(({ data }) => JSON.parse(data.toString('utf8')) as JsonObject)
  return { ...words, pass }
}

test('a find that lies across pieces is taken out, sound does not wait for it, and what says the words once more says them so', () => {
  const words = wordsOf()
  assert.deepEqual(words.pass(delta('Hello, ')), [delta('Hello, ')])
  assert.deepEqual(words.pass(delta('write to ada')), [])
  const sound = { type: 'response.output_audio.delta', ...item, delta: 'AAAA' }
  assert.deepEqual(words.pass(sound), [sound])
  assert.deepEqual(words.pass(delta('@example.org now')), [delta('write to [redacted:mail]')])
  const done = {
    type: 'response.output_audio_transcript.done',
    ...item,
    transcript: 'Hello, write to ada@example.org now',
  }
  assert.deepEqual(words.pass(done), [delta(' now'), { ...done, transcript: 'Hello, write to [redacted:mail] now' }])
  assert.deepEqual([words.decided(), words.decided()], [['guardrail.pii:redacted 1 mail in the reply'], []])
})

test('what comes between the pieces of a text does not cut it, nor does the end of another', () => {
  const words = wordsOf()
  assert.deepEqual(words.pass(delta('ada@exam')), [])
  const other = { response_id: 'resp_1', item_id: 'item_2', output_index: 1, content_index: 0 }
  for (const event of [
    { type: 'response.content_part.added', ...other, part: { type: 'audio', transcript: '' } },
    { type: 'response.output_text.done', ...other, text: 'no' },
    { type: 'conversation.item.done', item: { id: 'item_2' } },
  ])
    assert.deepEqual(words.pass(event), [event])
  assert.deepEqual(words.pass(delta('ple.org now')), [delta('[redacted:mail]')])
  const done = { type: 'response.done', response: { id: 'resp_1' } }
  assert.deepEqual(words.pass(done), [delta(' now'), done])
})

test('what nothing is found in keeps its bytes, and without guardrails nothing waits', () => {
  const odd = { data: Buffer.from('{"type" : "response.done", "response":{"id":"r", "x": 1.0}}'), binary: false }
  const event = JSON.parse(odd.data.toString()) as JsonObject
  assert.equal(wordsOf().pass(event).length, 1)
  assert.equal(guardedWords(() => [guardOf()]).pass(event, odd)[0], odd)
  const free = guardedWords(() => [])
  const message = messageOf(delta('ada'))
  assert.deepEqual(free.pass(delta('ada'), message), [message])
})

test('a session with a model that is not allowed is not opened, whatever would be said in it', () => {
  const snapshot = { ...openStage().ports.snapshot(), guards: [guardOf({ modelsAllowed: ['other'] })] }
  const [key] = [...snapshot.keys.values()]
  assert(key !== undefined)
  assert.throws(() => guardOpening(snapshot, key, 'm'), { code: 'content_blocked' })
  guardOpening(snapshot, key, 'other')
})

test('what waits has a bound', () => {
  const words = wordsOf({ finds: [], patterns: ['Zeus'] })
  let given = 0
  for (let count = 0; count < 5_000; count += 1) given += words.pass(delta('x')).length
  assert.ok(given >= 4_000)
})

/** A session of a key for which guardrails hold. */
const open = (changes: Partial<GuardFacts>) => openTestSession({ guards: [guardOf(changes)] })

const message = (text: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
})
const created = { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } }

test('what a caller says in a session is looked at before it goes out, and stands on the record of what it led to', async () => {
  const { stage, running, records, caller, provider } = open({})
  await caller.say(message('I am ada@example.org'))
  await caller.say({ type: 'response.create', response: { instructions: 'Pay with 4111 1111 1111 1111.' } })
  await stage.settle()
  const sent = JSON.stringify(provider.heard)
  assert.match(sent, /I am \[redacted:mail\].*Pay with \[redacted:card\]\./)
  await provider.say(created)
  await provider.say(delta('Dear ada@exam'))
  await provider.say(delta('ple.org.'))
  const usage = { total_tokens: 15, input_tokens: 10, output_tokens: 5 }
  await provider.say({ type: 'response.done', response: { id: 'resp_1', status: 'completed', usage, output: [] } })
  await stage.settle()
  assert.doesNotMatch(JSON.stringify(caller.heard), /example/)
  const [, first] = caller.heard.filter(({ type }) => type === 'response.output_audio_transcript.delta')
  assert.equal(first?.['delta'], '.')
  caller.close()
  await running
  const [record] = records
  assert.deepEqual(record?.warnings, [
    'guardrail.pii:redacted 1 mail in the request',
    'guardrail.pii:redacted 1 card in the request',
    'guardrail.pii:redacted 1 mail in the reply',
  ])
})

test('what is forbidden goes no further: a caller’s event is refused, and an answer is stopped and told to its end without its words', async () => {
  const { stage, running, caller, provider } = open({ action: 'block' })
  await caller.say({ ...message('I am ada@example.org'), event_id: 'mine' })
  await stage.settle()
  assert.deepEqual(provider.heard, [])
  const error = caller.heard.at(-1)?.['error'] as JsonObject
  assert.deepEqual([error['code'], error['event_id']], ['content_blocked', 'mine'])
  await caller.say({ type: 'response.create' })
  await stage.settle()
  await provider.say(created)
  await provider.say(delta('Ask ada@example.org now'))
  await provider.say(delta(' or later'))
  await provider.say({
    type: 'response.done',
    response: { id: 'resp_1', status: 'cancelled', output: [{ id: 'x', text: 'ada@example.org' }] },
  })
  await stage.settle()
  assert.equal(provider.heard.at(-1)?.['type'], 'response.cancel')
  const types = caller.heard.map(({ type }) => type)
  assert.deepEqual(types, ['error', 'response.created', 'error', 'response.done'])
  assert.doesNotMatch(JSON.stringify(caller.heard), /example|later/)
  caller.close()
  await running
})
