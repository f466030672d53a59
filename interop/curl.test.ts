import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { eventsOf } from '../test/e2e/call.ts'
import type { Ran, Stage } from './stage.ts'
import { run, startStage } from './stage.ts'

describe('curl', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage.close())

  const curl = (path: string, ...parameters: readonly string[]): Promise<Ran> =>
    run('curl', ['-sS', `${stage.baseUrl}${path}`, '-H', `Authorization: Bearer ${stage.testKey}`, ...parameters], {})
  const body = (more: object): string =>
    JSON.stringify({ model: 'kimi-k2', messages: [{ role: 'user', content: 'hello curl' }], ...more })
  const json = ['-H', 'Content-Type: application/json']

  test('a chat, whole and streamed', async () => {
    const whole = await curl('/chat/completions', ...json, '-d', body({}))
    assert.equal(whole.code, 0, whole.stderr)
    assert.match(whole.stdout, /"content":\s*"hello curl"/)
    const streamed = await curl('/chat/completions', '-N', ...json, '-d', body({ stream: true }))
    assert.equal(eventsOf(streamed.stdout).at(-1)?.data, '[DONE]')
  })

  test('without a content type, as people type it', async () => {
    // curl -d alone says application/x-www-form-urlencoded: forgiven, or refused with the header to send.
    const answer = await curl('/chat/completions', '-d', body({}))
    assert.match(answer.stdout, /hello curl|application\/json/)
  })

  test('a body that waits for 100-continue, and an upload by -F', async () => {
    const large = body({ messages: [{ role: 'user', content: 'x'.repeat(100_000) }], max_tokens: 5 })
    const patient = await curl('/chat/completions', ...json, '-H', 'Expect: 100-continue', '-d', large)
    assert.match(patient.stdout, /"finish_reason":\s*"length"/)
    const upload = await curl('/audio/transcriptions', '-F', 'model=ear', '-F', 'file=@package.json;type=audio/wav')
    assert.match(upload.stdout, /"text"/)
  })

  test('a refusal is seen by -f, and --compressed does no harm', async () => {
    const refused = await run('curl', ['-sS', '-f', `${stage.baseUrl}/models`], {})
    assert.equal(refused.code, 22)
    const listed = await curl('/models', '--compressed')
    assert.match(listed.stdout, /kimi-k2/)
  })

  test('HEAD and an open HTTP/1.0 connection', async () => {
    const head = await run('curl', ['-sS', '-I', stage.relay.url], {})
    assert.match(head.stdout, /^HTTP\/1\.1 200/)
    const old = await curl('/chat/completions', '--http1.0', ...json, '-d', body({ stream: true }))
    assert.equal(eventsOf(old.stdout).at(-1)?.data, '[DONE]')
  })
})
