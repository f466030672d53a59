/** OpenAI's Realtime clients for JavaScript and Python, which want TLS: sessions of the sandbox, behind the relay's own certificate. */

import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { testCertificate } from '../src/http/test-certificate.ts'
import type { Relay } from '../test/e2e/harness.ts'
import { makeFolder, startRelay, testKey } from '../test/e2e/harness.ts'
import { python, run } from './stage.ts'

const { cert, key } = testCertificate('localhost')

describe('OpenAI’s Realtime clients', () => {
  let relay: Relay
  let baseURL: string
  let ca: string
  before(async () => {
    const folder = await makeFolder()
    ca = join(folder, 'ca.pem')
    writeFileSync(ca, cert)
    writeFileSync(join(folder, 'key.pem'), key)
    const config = `server: { tls: { cert: "file:${ca}", key: "file:${join(folder, 'key.pem')}" } }\n`
    relay = await startRelay({ folder, config })
    baseURL = `https://localhost:${relay.port}/v1`
  })
  after(() => relay[Symbol.asyncDispose]())

  test('JavaScript: a spoken answer with its words and its usage, then one in text', async () => {
    const client = new OpenAI({ baseURL, apiKey: testKey })
    const session = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { ca: cert } }, client)
    const heard: string[] = []
    let text = ''
    let done = 0
    const ended = Promise.withResolvers<void>()
    session.on('error', ended.reject)
    session.on('event', ({ type }) => heard.push(type))
    session.on('session.created', () => {
      const content = [{ type: 'input_text' as const, text: 'three small words' }]
      session.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })
      session.send({ type: 'response.create' })
    })
    session.on('response.output_text.delta', ({ delta }) => {
      text += delta
    })
    session.on('response.done', ({ response }) => {
      assert.equal(response.status, 'completed')
      assert.ok((response.usage?.output_tokens ?? 0) > 0)
      done += 1
      if (done === 1) session.send({ type: 'response.create', response: { output_modalities: ['text'] } })
      else ended.resolve()
    })
    await ended.promise
    session.close()
    assert.equal(heard.filter((type) => type === 'response.output_audio.delta').length, 3)
    assert.equal(text, 'three small words')
  })

  test('JavaScript: a key that is not good is an error, and no session', async () => {
    const client = new OpenAI({ baseURL, apiKey: 'hs-test-wrong' })
    const session = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { ca: cert } }, client)
    const failed = await new Promise<Error>((resolve) => session.on('error', resolve))
    assert.match(failed.message, /401/)
  })

  test('Python: the same session', async () => {
    // Ten seconds to the open session are not enough everywhere; what the relay said meanwhile tells why it took longer than these.
    const program = `
import os, ssl
from openai import OpenAI
context = ssl.create_default_context(cafile=os.environ['CA'])
client = OpenAI(base_url=os.environ['BASE_URL'], api_key=os.environ['KEY'])
with client.realtime.connect(model='gpt-realtime', websocket_connection_options={'ssl': context, 'open_timeout': 60}) as session:
    words = {'type': 'message', 'role': 'user', 'content': [{'type': 'input_text', 'text': 'three small words'}]}
    session.conversation.item.create(item=words)
    session.response.create(response={'output_modalities': ['text']})
    text = ''
    for event in session:
        if event.type == 'response.output_text.delta':
            text += event.delta
        if event.type == 'response.done':
            print(event.response.status, text, event.response.usage.output_tokens > 0)
            break
`
    const ran = await run(python, ['-c', program], { CA: ca, BASE_URL: baseURL, KEY: testKey })
    assert.equal(ran.code, 0, `${ran.stderr}\n${relay.stderr()}`)
    assert.equal(ran.stdout.trim(), 'completed three small words True')
  })
})
