/** Files and batches by the real SDKs, on the sandbox. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { toFile } from 'openai'
import type { Relay } from '../test/e2e/harness.ts'
import { startRelay, testKey } from '../test/e2e/harness.ts'

describe('files and batches through the SDKs', () => {
  let relay: Relay
  let openai: OpenAI
  let anthropic: Anthropic
  before(async () => {
    relay = await startRelay()
    openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: testKey, maxRetries: 0 })
    anthropic = new Anthropic({ baseURL: `${relay.url}/anthropic`, apiKey: testKey, maxRetries: 0 })
  })
  after(() => relay[Symbol.asyncDispose]())

  test('OpenAI’s: uploaded, listed, read, deleted', async () => {
    const made = await openai.files.create({ file: await toFile(Buffer.from('Grüße'), 'a.txt'), purpose: 'user_data' })
    assert.equal(made.filename, 'a.txt')
    const listed: string[] = []
    for await (const file of await openai.files.list({ limit: 1 })) listed.push(file.id)
    assert.deepEqual(listed, [made.id])
    assert.equal((await openai.files.retrieve(made.id)).bytes, 7)
    assert.equal(await (await openai.files.content(made.id)).text(), 'Grüße')
    assert.equal((await openai.files.delete(made.id)).deleted, true)
    await assert.rejects(openai.files.retrieve(made.id), OpenAI.NotFoundError)
  })

  test('OpenAI’s: a batch, from its file to its results', async () => {
    const lines = ['one', 'two'].map((content, index) => ({
      custom_id: `line-${index}`,
      method: 'POST',
      url: '/v1/responses',
      body: { model: 'gpt-4.1', input: content },
    }))
    const jsonl = Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))
    const file = await openai.files.create({ file: await toFile(jsonl, 'batch.jsonl'), purpose: 'batch' })
    await assert.rejects(
      openai.batches.create({ input_file_id: 'file-nobody', endpoint: '/v1/responses', completion_window: '24h' }),
      OpenAI.NotFoundError,
    )
    const chats = jsonl.toString().replaceAll('/v1/responses', '/v1/chat/completions')
    const chat = chats.replaceAll(/"input":"(\w+)"/g, '"messages":[{"role":"user","content":"$1"}]')
    const input = await openai.files.create({ file: await toFile(Buffer.from(chat), 'chat.jsonl'), purpose: 'batch' })
    const batch = await openai.batches.create({
      input_file_id: input.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
    const done = await openai.batches.retrieve(batch.id)
    assert.equal(done.status, 'completed')
    const output = await (await openai.files.content(done.output_file_id ?? '')).text()
    assert.deepEqual(
      output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).response.body.choices[0].message.content),
      ['one', 'two'],
    )
    const all: string[] = []
    for await (const one of await openai.batches.list()) all.push(one.id)
    assert.deepEqual(all, [batch.id])
    assert.ok(file.id !== input.id)
  })

  test('Anthropic’s: files of the beta, and a batch with its results', async () => {
    const file = await anthropic.beta.files.upload({
      file: await toFile(Buffer.from('Grüße'), 'a.txt', { type: 'text/plain' }),
      betas: ['files-api-2025-04-14'],
    })
    assert.equal(file.type, 'file')
    const found: string[] = []
    for await (const one of anthropic.beta.files.list({ betas: ['files-api-2025-04-14'] })) found.push(one.id)
    assert.deepEqual(found, [file.id])
    assert.equal((await anthropic.beta.files.delete(file.id)).type, 'file_deleted')

    const params = {
      model: 'claude-sonnet-4.5',
      max_tokens: 50,
      messages: [{ role: 'user' as const, content: 'hello' }],
    }
    const batch = await anthropic.messages.batches.create({ requests: [{ custom_id: 'a', params }] })
    assert.equal((await anthropic.messages.batches.retrieve(batch.id)).processing_status, 'ended')
    const said: string[] = []
    for await (const { result } of await anthropic.messages.batches.results(batch.id))
      if (result.type === 'succeeded')
        for (const block of result.message.content) if (block.type === 'text') said.push(block.text)
    assert.deepEqual(said, ['hello'])
    await assert.rejects(anthropic.messages.batches.retrieve('msgbatch_nobody'), Anthropic.NotFoundError)
  })
})
