import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeGuard } from '#policy/guard.ts'
import { sampleKey } from '#policy/sample-key.ts'
import type { Call } from '#protocol/call.ts'
import { openaiImages } from '#protocol/openai/images.ts'
import { fieldOf, formOf, inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiChat } from '#protocol/openai-chat/index.ts'
import { draftOf } from './draft.ts'
import type { GuardOrder } from './guard-request.ts'
import { guardRequest } from './guard-request.ts'

const guard = makeGuard({
  name: 'pii',
  sides: ['request'],
  action: 'redact',
  finds: ['mail', 'card', 'secret'],
  patterns: [],
  promptBytesMax: null,
  modelsAllowed: null,
  parametersAllowed: null,
  parametersDenied: [],
  hook: null,
  scope: { keys: null, projects: null, plans: null, models: null },
})

const guarded = async (call: Call): Promise<Call> => {
  const snapshot = { guards: [guard], accounts: new Map() } as unknown as GuardOrder['snapshot']
  const draft = draftOf({ id: 'call_1', path: '/' }, 'openai-chat', 0)
  const askHook = async () => assert.fail('nobody is asked')
  return (await guardRequest({ snapshot, key: sampleKey(), call, draft, askHook })).call
}

const sent = async (body: object): Promise<string> => {
  const { payload } = await guarded(openaiChat.server.readCall(inboundOf(JSON.stringify(body))))
  return payload.kind === 'json' ? payload.top.source.toString() : assert.fail('it is JSON')
}

test('a text that only begins as a picture is looked at, and a picture stays as it is', async () => {
  const url = `data:image/png;base64,${'4111111111111111'.repeat(4)}`
  const content = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: 'data: write to ada@example.org' },
    { type: 'text', text: 'data:text/plain;base64,ada@example.org' },
  ]
  const text = await sent({ model: 'm', messages: [{ role: 'user', content }] })
  assert.ok(text.includes(url))
  assert.ok(!text.includes('ada@'), text)
})

test('in what a tool was given, names say as much as words, and an id is a word like any other', async () => {
  const input = { 'ada@example.org': 1, id: '4111 1111 1111 1111', more: [{ type: 'bob@example.org' }] }
  const call = { type: 'tool_use', id: 'toolu_ada@example.org', name: 'f', input }
  const text = await sent({ model: 'm', messages: [{ role: 'assistant', content: [call] }] })
  assert.match(
    text,
    /"input":\{"\[redacted:mail\]":1,"id":"\[redacted:card\]","more":\[\{"type":"\[redacted:mail\]"\}\]\}/,
  )
  assert.match(text, /"id":"toolu_ada@example\.org"/)
})

test('the fields of a form are looked at as well', async () => {
  const form = formOf([fieldOf('model', 'm'), fieldOf('prompt', 'a card for ada@example.org')])
  const call = await guarded(openaiImages.server.readCall(inboundOf({ kind: 'form', form }, '/v1/images/edits')))
  assert.ok(call.payload.kind === 'form')
  assert.deepEqual(call.payload.form.parts[1], fieldOf('prompt', 'a card for [redacted:mail]'))
  assert.equal(call.body()['prompt'], 'a card for [redacted:mail]')
})

test('everything that is found many times in one text is taken out', async () => {
  const text = await sent({ model: 'm', messages: [{ role: 'user', content: 'a@b.cc '.repeat(5_000) }] })
  assert.equal(text.match(/redacted:mail/g)?.length, 5_000)
})
