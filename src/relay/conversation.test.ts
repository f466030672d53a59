import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callOf } from '#provider/test-call.ts'
import { conversationOf, drawOf, nameBy, threadOf } from './conversation.ts'

test('a conversation always draws the same number for a target, and they are spread evenly', () => {
  assert.equal(drawOf('a', 'x/m'), drawOf('a', 'x/m'))
  assert.notEqual(drawOf('a', 'x/m'), drawOf('b', 'x/m'))
  assert.notEqual(drawOf('a', 'x/m'), drawOf('a', 'y/m'))
  let low = 0
  for (let index = 0; index < 2_000; index += 1) if (drawOf(`c${index}`, 'x/m') < 0.25) low += 1
  assert.ok(low > 430 && low < 570, `${low} of 2000 lie in the first quarter`)
})

test('the closest name of a conversation counts, and a person of Anthropic is one', () => {
  const call = callOf('{"model":"m","user":"u","prompt_cache_key":"k","metadata":{"user_id":"p"}}')
  const of = (text: string, session: string | null = null) => conversationOf(callOf(text), session)
  assert.equal(conversationOf(call, null), of('{"prompt_cache_key":"k"}'))
  assert.notEqual(conversationOf(call, 'session'), conversationOf(call, null))
  assert.equal(of('{"metadata":{"user_id":"p"}}'), of('{"user":"p"}'))
  assert.equal(of('{"metadata":{"user_id":7},"user":""}'), null)
})

const system = { role: 'system', content: 'Be brief, ] and "quoted" }.' }
const first = { role: 'user', content: [{ type: 'text', text: 'Hello, [you]' }] }
const answer = { role: 'assistant', content: 'Hi' }
const chat = (...messages: readonly object[]) => threadOf(callOf(JSON.stringify({ model: 'm', messages })))

test('a conversation without a name is known by how it begins, once it has gone on', () => {
  const begun = chat(system, first)
  assert.equal(begun.isSure, false)
  const later = chat(system, first, answer, { role: 'user', content: 'And then?' })
  assert.deepEqual(later, { name: begun.name, isSure: true })
  const much = chat(system, first, answer, first, answer, first)
  assert.equal(much.name, begun.name)
  assert.notEqual(chat({ ...system, content: 'Other' }, first).name, begun.name)
  assert.notEqual(chat(system, answer).name, begun.name)
})

test('what is no conversation has no name', () => {
  assert.equal(chat().name, null)
  assert.equal(chat(system).name, null)
  assert.equal(threadOf(callOf('{"model":"m","input":"text"}')).name, null)
  assert.equal(threadOf(callOf('{"model":"m","messages":[]}', { kind: 'embedding' })).name, null)
})

test('a migration may say by what a conversation is known, and the first that a call has counts', () => {
  const call = callOf(
    '{"model":"m","user":"ada","metadata":{"thread":"t1"},"messages":[{"role":"user","content":"hi"}]}',
  )
  const named = { call, headers: { 'x-thread': 'T' }, key: 'key_1' }
  const by = (...sources: string[]): string | null => nameBy(sources, named)
  assert.equal(by('header:X-Nothing', 'api_key'), 'api_key key_1')
  assert.match(by('header:X-Thread', 'api_key') ?? '', /^header:X-Thread [0-9a-f]{32}$/)
  assert.notEqual(by('body:metadata.thread'), by('body:user'))
  assert.ok(!by('body:user')?.includes('ada'), 'a name for a person is in no record')
  assert.match(by('body:nothing', 'hash:prefix') ?? '', /^hash:prefix [0-9a-f]{32}$/)
  assert.equal(by('body:nothing'), null)
})
