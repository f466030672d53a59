/** Own credentials of accounts at clouds that ask for more than a key: nothing of the operator's identity goes along. */

import { strict as assert } from 'node:assert'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import type { Relay } from './harness.ts'
import { adminKey, startRelay } from './harness.ts'

const post = async (relay: Relay, path: string, body: object) => {
  const answer = await call(relay.url, { path: `/api/v1${path}`, key: adminKey, body })
  assert.ok(answer.status < 300, answer.text)
  return answer
}

/** An account without credit, whose credential is at no fee: it can call by that alone. */
const customer = async (relay: Relay, name: string): Promise<{ readonly account: string; readonly key: string }> => {
  const account = String((await post(relay, '/accounts', { name, billing: 'prepaid' })).at('id'))
  return { account, key: (await relay.createKey({ account })).key }
}

const serviceAccount = (project: string, tokenUri: string): string =>
  JSON.stringify({
    project_id: project,
    client_email: `drover@${project}.example`,
    private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }),
    token_uri: tokenUri,
  })

const spoken = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 },
}

test("Vertex AI: the account's own service account is exchanged, and its own project is asked", async () => {
  await using tokens = await startUpstream(whole({ access_token: 'ya29.operators', expires_in: 3600 }))
  await using ownTokens = await startUpstream(whole({ access_token: 'ya29.customers', expires_in: 3600 }))
  await using upstream = await startUpstream(whole(spoken))
  const config = `providers:
  google: { vendor: vertex, region: europe-west4, base_url: "${upstream.baseUrl}", api_key: env:ACCOUNT, allow_private: true,
            options: { project: operators-project }, headers: { x-goog-user-project: operators-quota } }
models:
  flash: { targets: [ { provider: google, model: gemini-2.5-flash } ], price: { input: "1.00", output: "2.00" } }
`
  const env = { ACCOUNT: serviceAccount('operators', `${tokens.baseUrl}/token`) }
  await using relay = await startRelay({ config, env })
  const { account, key } = await customer(relay, 'acme')
  const own = serviceAccount('customers', `${ownTokens.baseUrl}/token`)
  await post(relay, '/credentials', { account, provider: 'google', key: own })
  const answer = await call(relay.url, { key, body: chat('hello', { model: 'flash' }) })
  assert.equal(answer.at('choices.0.message.content'), 'hi', answer.text)
  const asked = await upstream.arrival(0)
  assert.match(asked.target, /\/projects\/customers\/locations\/europe-west4\//)
  assert.equal(asked.headers.authorization, 'Bearer ya29.customers')
  assert.equal(asked.headers['x-goog-user-project'], undefined)
  assert.deepEqual([tokens.seen.length, ownTokens.seen.length], [0, 1])
  const operators = await call(relay.url, { key: (await relay.createKey()).key, body: chat('hi', { model: 'flash' }) })
  assert.equal(operators.status, 200, operators.text)
  const usual = await upstream.arrival(1)
  assert.match(usual.target, /\/projects\/operators-project\//)
  assert.equal(usual.headers.authorization, 'Bearer ya29.operators')
})

test("Bedrock: requests are signed with the account's own access key, without the operator's session", async () => {
  const said = {
    output: { message: { role: 'assistant', content: [{ text: 'hi' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 },
  }
  await using upstream = await startUpstream(whole(said))
  const config = `providers:
  aws:
    vendor: bedrock
    base_url: "${upstream.baseUrl}"
    region: eu-central-1
    api_key: env:AWS_SECRET
    options: { access_key_id: AKIDOPERATOR }
    headers: { x-amz-security-token: env:AWS_TOKEN }
    allow_private: true
models:
  claude: { targets: [ { provider: aws, model: "eu.anthropic.claude-sonnet-4-6-v1:0" } ], price: { input: "1.00", output: "2.00" } }
`
  const env = { AWS_SECRET: 'the-operators-secret', AWS_TOKEN: 'the-operators-session' }
  await using relay = await startRelay({ config, env })
  const { account, key } = await customer(relay, 'acme')
  const own = { AccessKeyId: 'AKIDCUSTOMER', SecretAccessKey: 'the-customers-secret' }
  await post(relay, '/credentials', { account, provider: 'aws', key: JSON.stringify(own) })
  const answer = await call(relay.url, { key, body: chat('hello', { model: 'claude' }) })
  assert.equal(answer.at('choices.0.message.content'), 'hi', answer.text)
  const asked = await upstream.arrival(0)
  assert.match(asked.headers.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=AKIDCUSTOMER\//)
  assert.equal(asked.headers['x-amz-security-token'], undefined)
  await post(relay, '/credentials', { account, provider: 'aws', key: 'a-bedrock-api-key-of-the-customer' })
  assert.equal((await call(relay.url, { key, body: chat('hello', { model: 'claude' }) })).status, 200)
  const sent = await upstream.arrival(1)
  assert.equal(sent.headers.authorization, 'Bearer a-bedrock-api-key-of-the-customer')
  for (const { rawHeaders } of upstream.seen) assert.doesNotMatch(rawHeaders.join('\n'), /operator/i)
})

test("Azure: the account's own key goes into api-key, in both forms of address", async () => {
  await using upstream = await startUpstream(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  const address = new URL(upstream.baseUrl).origin
  const config = `providers:
  dated: { vendor: azure, base_url: "${address}", api_key: env:AZ, allow_private: true, options: { api_version: "2024-10-21" } }
  plain: { vendor: azure, base_url: "${address}/openai/v1", api_key: env:AZ, allow_private: true }
models:
  one: { targets: [ { provider: dated, model: gpt-of-ours } ], price: { input: "1.00", output: "2.00" } }
  two: { targets: [ { provider: plain, model: gpt-of-ours } ], price: { input: "1.00", output: "2.00" } }
`
  await using relay = await startRelay({ config, env: { AZ: 'the-operators-azure-key' } })
  const { account, key } = await customer(relay, 'acme')
  for (const [index, [provider, model, path]] of (
    [
      ['dated', 'one', /^\/openai\/deployments\/gpt-of-ours\/chat\/completions\?api-version=2024-10-21$/],
      ['plain', 'two', /^\/openai\/v1\/chat\/completions$/],
    ] as const
  ).entries()) {
    await post(relay, '/credentials', { account, provider, key: `customers-${provider}-key` })
    assert.equal((await call(relay.url, { key, body: chat('hello', { model }) })).status, 200)
    const asked = await upstream.arrival(index)
    assert.match(asked.target, path)
    assert.equal(asked.headers['api-key'], `customers-${provider}-key`)
    assert.equal(asked.headers.authorization, undefined)
  }
})
