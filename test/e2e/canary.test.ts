/** LiteLLM's log of 2026-03-18 wrote Authorization headers: what is planted in calls of every end must be found nowhere. */

import { strict as assert } from 'node:assert'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Bytes } from '../fake/answer.ts'
import { stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { call } from './call.ts'
import { adminKey, fakeKey, testKey } from './harness.ts'

const planted = {
  prompt: 'canary-prompt-5c1e',
  reply: 'canary-reply-88ab',
  tool: 'canary-argument-19fd',
  header: 'canary-header-77d0',
  stranger: 'hs-live-canary00000000000000000000000000000000000000',
  cookie: 'canary-cookie-3b21',
} as const

/** Text that is in no file which is made for this server, and in nothing that it says. */
const filesUnder = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe('what callers and the operator keep to themselves', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: 'log: { level: debug }\n' })
  })
  after(() => bench.close())

  const body = (more: object = {}) =>
    chat(planted.prompt, {
      ...more,
      tools: [
        { type: 'function', function: { name: 'look', description: planted.tool, parameters: { type: 'object' } } },
      ],
    })

  const ends: readonly (readonly [name: string, answer: Parameters<Bench['upstream']['answer']>[0], more?: object])[] =
    [
      ['whole', whole(completion({ content: planted.reply }))],
      ['stream', stream(completionEvents([planted.reply], { usage: true })), { stream: true }],
      ['cut', stream(completionEvents([planted.reply]).slice(0, 2) as readonly Bytes[]), { stream: true }],
      ['refused', whole({ error: { message: `Incorrect API key provided: ${fakeKey}` } }, { status: 401 })],
      ['garbage', whole('{"id": not JSON', { status: 200 })],
      ['failing', whole({ error: { message: 'no' } }, { status: 500 })],
    ]

  test('is in no log, metric, trail, record, refusal or file, however calls end', async () => {
    const said: string[] = []
    const headers = { 'x-planted': planted.header, cookie: `drover=${planted.cookie}` }
    for (const [, answer, more] of ends) {
      bench.upstream.answer(answer)
      await call(bench.relay.url, { key: bench.key, headers, body: body(more) }).catch(() => null)
    }
    const refusals = [
      { key: planted.stranger, body: body() },
      { key: bench.key, body: body({ model: 'no-such-model' }) },
      { key: bench.key, body: body({ messages: planted.prompt }) },
      { key: adminKey, body: body() },
      { key: bench.key, body: `{"messages": "${planted.prompt}"` },
      { key: adminKey, path: '/api/v1/keys', body: { name: 5, nonsense: planted.prompt } },
      { path: '/api/v1/session', body: { email: 'a@example.com', password: planted.prompt } },
    ]
    for (const ask of refusals) {
      const answer = await call(bench.relay.url, { headers: { 'x-planted': planted.header }, ...ask })
      assert.ok(answer.status >= 400, answer.text)
      said.push(answer.text, JSON.stringify(answer.headers))
    }
    const paths = ['/metrics', '/api/v1/calls?limit=100', '/api/v1/trail?limit=100', '/api/v1/export', '/api/v1/keys']
    for (const path of [...paths, '/health/readiness']) {
      const answer = await call(bench.relay.url, { path, key: adminKey })
      assert.equal(answer.status, 200, `${path}: ${answer.text}`)
      said.push(answer.text)
    }
    const [last] = await bench.relay.logs(1)
    said.push((await call(bench.relay.url, { path: `/api/v1/calls/${last?.['id']}/explain`, key: adminKey })).text)
    said.push(bench.relay.stdout(), bench.relay.stderr())
    const secrets = [...Object.values(planted), bench.key, adminKey, testKey, fakeKey]
    const holding = (text: string): readonly string[] => secrets.filter((secret) => text.includes(secret))
    for (const text of said) assert.deepEqual(holding(text), [], text.slice(0, 2_000))
    const files = await filesUnder(bench.relay.data)
    assert.ok(files.length > 2)
    for (const file of files) assert.deepEqual(holding(await readFile(file, 'latin1')), [], file)
  })
})
