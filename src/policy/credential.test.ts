import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { CredentialRequest } from './credential.ts'
import { credentialOf } from './credential.ts'

type Given = { headers?: Record<string, string>; query?: string; path?: string; method?: string }

const ask = ({ headers = {}, query = '', path = '/v1/chat/completions', method = 'POST' }: Given) => {
  const request: CredentialRequest = { headers, query: new URLSearchParams(query), path, method }
  return credentialOf(request)
}
const gemini = '/v1beta/models/gemini-2.5-flash:generateContent'

test('a credential is found where the caller put it', () => {
  const cases: readonly [string, Given, string, string][] = [
    ['bearer', { headers: { authorization: 'Bearer k1' } }, 'k1', 'Authorization'],
    ['scheme in any case', { headers: { authorization: 'bEARER k1' } }, 'k1', 'Authorization'],
    ['blanks around it', { headers: { authorization: '  Bearer   k1  ' } }, 'k1', 'Authorization'],
    ['the way of Anthropic', { headers: { 'x-api-key': 'k1' } }, 'k1', 'x-api-key'],
    ['an empty bearer beside it', { headers: { authorization: 'Bearer ', 'x-api-key': 'k1' } }, 'k1', 'x-api-key'],
    ['the way of Gemini', { headers: { 'x-goog-api-key': 'k1' }, path: gemini }, 'k1', 'x-goog-api-key'],
    [
      'the way of Gemini at /v1',
      { headers: { 'x-goog-api-key': 'k1' }, path: '/v1/models/a/b:streamGenerateContent' },
      'k1',
      'x-goog-api-key',
    ],
    [
      "a list for Google's SDK",
      {
        headers: { 'x-goog-api-key': 'k1', 'x-goog-api-client': 'google-genai-sdk/3' },
        path: '/v1/models',
        method: 'GET',
      },
      'k1',
      'x-goog-api-key',
    ],
    ['in the query', { query: 'key=k1', path: gemini }, 'k1', '?key='],
    [
      'an empty query beside it',
      { headers: { 'x-goog-api-key': 'k1' }, query: 'key=', path: gemini },
      'k1',
      'x-goog-api-key',
    ],
    ['in the query of a list', { query: 'key=k1', path: '/v1beta/models', method: 'GET' }, 'k1', '?key='],
    ['bearer at Gemini', { headers: { authorization: 'Bearer k1' }, path: gemini }, 'k1', 'Authorization'],
    ['twice the same', { headers: { authorization: 'Bearer k1', 'x-api-key': 'k1' } }, 'k1', 'Authorization'],
    ['a header sent twice', { headers: { authorization: 'Bearer k1, Bearer k1' } }, 'k1', 'Authorization'],
    ['a query elsewhere is no credential', { headers: { 'x-api-key': 'k1' }, query: 'key=other' }, 'k1', 'x-api-key'],
    [
      'a Gemini header elsewhere is no credential',
      { headers: { authorization: 'Bearer k1', 'x-goog-api-key': 'other' } },
      'k1',
      'Authorization',
    ],
    [
      'organisations are ignored',
      { headers: { authorization: 'Bearer k1', 'openai-organization': 'o', 'x-organization': 'p' } },
      'k1',
      'Authorization',
    ],
  ]
  for (const [name, given, key, place] of cases) assert.deepEqual(ask(given), { key, place }, name)
})

test('a refusal says what is wrong and what to send', () => {
  const cases: readonly [string, Given, string, RegExp][] = [
    [
      'nothing',
      {},
      'invalid_api_key',
      /Incorrect API key provided: there is none\. Send it as "Authorization: Bearer KEY"/,
    ],
    [
      'none, under Gemini',
      { path: '/v1beta/models' },
      'invalid_api_key',
      /there is none\. Send it as "x-goog-api-key: KEY"/,
    ],
    ['empty', { headers: { authorization: '', 'x-api-key': ' ' } }, 'invalid_api_key', /there is none/],
    [
      'basic',
      { headers: { authorization: 'Basic dTpw' } },
      'invalid_api_key',
      /the Basic scheme; this server takes Bearer/,
    ],
    ['no scheme', { headers: { authorization: 'sk-1' } }, 'invalid_api_key', /lacks its scheme/],
    ['more words', { headers: { authorization: 'Bearer a b' } }, 'invalid_api_key', /something after the key/],
    ['odd scheme', { headers: { authorization: 'B@d x' } }, 'invalid_api_key', /another scheme/],
    ['too long', { headers: { 'x-api-key': 'k'.repeat(513) } }, 'invalid_api_key', /513 characters/],
    ['key in a query elsewhere', { query: 'key=k1' }, 'invalid_api_key', /\?key= counts only under \/v1beta/],
    [
      'key in a link to content',
      { query: 'key=k1', path: '/v1beta/files/f:download', method: 'GET' },
      'invalid_api_key',
      /not for fetching content/,
    ],
    ['Gemini header elsewhere', { headers: { 'x-goog-api-key': 'k1' } }, 'invalid_api_key', /only under \/v1beta/],
    [
      'Gemini header for a list of anybody',
      { headers: { 'x-goog-api-key': 'k1' }, path: '/v1/models', method: 'GET' },
      'invalid_api_key',
      /there is none/,
    ],
    ['Gemini query at /v1', { query: 'key=k1', path: '/v1/models/a:generateContent' }, 'invalid_api_key', /\?key=/],
    ['near Gemini', { query: 'key=k1', path: '/v1betamax' }, 'invalid_api_key', /there is none/],
    ['near an upload', { headers: { 'x-goog-api-key': 'k1' }, path: '/upload/v1' }, 'invalid_api_key', /there is none/],
  ]
  for (const [name, given, code, message] of cases) {
    const answer = ask(given)
    assert.ok(answer instanceof Problem, name)
    assert.equal(answer.code, code, name)
    assert.match(answer.message, message, name)
  }
  const plain = ask({})
  assert.ok(plain instanceof Problem)
  assert.doesNotMatch(plain.message, /counts only/, 'of what was not sent nothing is said')
})

test('two different credentials are refused, naming what to remove', () => {
  const cases: readonly [string, Given, string][] = [
    ['two headers', { headers: { authorization: 'Bearer k1', 'x-api-key': 'k2' } }, 'x-api-key'],
    ['basic beside a key', { headers: { authorization: 'Basic dTpw', 'x-api-key': 'k2' } }, 'Authorization'],
    [
      'Gemini header',
      { headers: { authorization: 'Bearer k1', 'x-goog-api-key': 'k2' }, path: gemini },
      'x-goog-api-key',
    ],
    ['query', { headers: { 'x-goog-api-key': 'k1' }, query: 'key=k2', path: gemini }, '?key='],
    ['one header twice', { headers: { authorization: 'Bearer k1, Bearer k2' } }, 'Authorization'],
    ['one parameter twice', { query: 'key=k1&key=k2', path: gemini }, '?key='],
    [
      'the third differs',
      { headers: { authorization: 'Bearer k1', 'x-api-key': 'k1', 'x-goog-api-key': 'k2' }, path: gemini },
      'x-goog-api-key',
    ],
  ]
  for (const [name, given, remove] of cases) {
    const answer = ask(given)
    assert.ok(answer instanceof Problem, name)
    assert.equal(answer.code, 'ambiguous_credentials', name)
    assert.equal(answer.status, 400, name)
    assert.equal(answer.detail.facts?.['remove'], remove, name)
    assert.ok(answer.message.includes(remove), answer.message)
    assert.equal(answer.message.includes('more than once'), name.endsWith('twice'), answer.message)
    assert.ok(!/k1|k2|dTpw/.test(answer.message), 'no credential is repeated')
  }
})

test('browsers put the key into the protocols of a WebSocket, among others', () => {
  const socket = (protocols: string) =>
    ask({ headers: { 'sec-websocket-protocol': protocols }, path: '/v1/realtime', method: 'GET' })
  const found = socket('realtime, openai-insecure-api-key.k1, openai-beta.realtime-v1')
  assert.ok(!(found instanceof Problem))
  assert.deepEqual([found.key, found.place], ['k1', 'Sec-WebSocket-Protocol'])
  const none = socket('realtime')
  assert.ok(none instanceof Problem && none.code === 'invalid_api_key')
})
