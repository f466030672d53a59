import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import type { AccessKey } from '#secret/aws-signature.ts'
import { accessKeyOf, signRequest } from '#secret/aws-signature.ts'
import { bedrock } from './bedrock.ts'
import { providerOf } from './provider.contract.ts'
import type { Unsigned } from './vendor.ts'

const key: AccessKey = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const suitesPlace = { region: 'us-east-1', service: 'service', nowMs: Date.UTC(2015, 7, 30, 12, 36) }

const signatureOf = (headers: Readonly<Record<string, string>>): string => headers['authorization'] ?? ''

/** Vectors of Amazon's own test suite (https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html, read 2026-11-28). */
test("Amazon's own vectors: a bare GET, a bare POST, and a form", async () => {
  const url = 'https://example.amazonaws.com/'
  const signed = async (method: string, contentType: string | null, body: string): Promise<string> => {
    const headers = contentType === null ? {} : { 'content-type': contentType }
    const bytes = { kind: 'bytes', bytes: Buffer.from(body) } as const
    return signatureOf(await signRequest({ method, url, headers, body: bytes }, key, suitesPlace))
  }
  const scope = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'
  assert.equal(
    await signed('GET', null, ''),
    `${scope}, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31`,
  )
  assert.equal(
    await signed('POST', null, ''),
    `${scope}, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b`,
  )
  assert.equal(
    await signed('POST', 'application/x-www-form-urlencoded', 'Param1=value1'),
    `${scope}, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a`,
  )
})

const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const unused = () => assert.fail('an access key is exchanged for nothing')
const moment = { nowMs: Date.UTC(2026, 10, 28, 12), tokens: { take: unused }, ask: unused }

const request = (headers: Readonly<Record<string, string>> = {}) => {
  const provider = providerOf(bedrock, { baseUrl: bedrock.regions['eu-central-1'] ?? '' })
  const { path } = bedrock.endpoint({ path: 'converse', model, provider, protocol: 'bedrock-converse' })
  return {
    method: 'POST',
    url: `${provider.baseUrl}/${path}`,
    headers: { 'content-type': 'application/json', traceparent: '00-1', ...headers },
    body: { kind: 'bytes', bytes: Buffer.from('{"messages":"Grüße"}') } as const,
  }
}

/** Made without this code, by the steps of the manual. */
const signature = 'f4d4d670eee486a7a123d378c008046e88da4b092f2cc43a9d126d8b0a657b71'

test('a call of Bedrock: the encoded model is encoded once more, a token is signed, what proxies add is not', async () => {
  const provider = providerOf(bedrock, { baseUrl: bedrock.regions['eu-central-1'] ?? '' })
  const document = {
    Credentials: { AccessKeyId: key.accessKeyId, SecretAccessKey: key.secretAccessKey, SessionToken: 'TOKEN' },
  }
  const credential = new Secret(JSON.stringify(document))
  const headers = await bedrock.sign?.(request(), { credential, provider, ...moment })
  assert.deepEqual(headers, {
    'content-type': 'application/json',
    traceparent: '00-1',
    'x-amz-date': '20261128T120000Z',
    'x-amz-security-token': 'TOKEN',
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/eu-central-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=${signature}`,
  })
  assert.deepEqual(bedrock.authorise(credential), {})
})

test('the secret beside the id of its key signs the same, with the token as a header', async () => {
  const options = { access_key_id: key.accessKeyId }
  const provider = providerOf(bedrock, { region: 'eu-central-1', baseUrl: 'https://vpce.example', options })
  const credential = new Secret(key.secretAccessKey)
  const ready = request({ ...bedrock.authorise(credential), 'x-amz-security-token': 'TOKEN' })
  const headers = (await bedrock.sign?.(ready, { credential, provider, ...moment })) ?? {}
  assert.ok(signatureOf(headers).endsWith(`Signature=${signature}`), signatureOf(headers))
  assert.ok(!JSON.stringify(headers).includes(key.secretAccessKey))
})

test('a Bedrock API key is sent as it is', async () => {
  const credential = new Secret('ABSKsomething')
  const ready: Unsigned = request({ ...bedrock.authorise(credential) })
  const headers = await bedrock.sign?.(ready, { credential, provider: providerOf(bedrock), ...moment })
  assert.equal(headers, ready.headers)
  assert.equal(ready.headers['authorization'], 'Bearer ABSKsomething')
})

test('an access key is found in what sts and secret stores give, and nowhere else', () => {
  const read = (value: unknown) => accessKeyOf(new Secret(typeof value === 'string' ? value : JSON.stringify(value)))
  assert.deepEqual(read({ access_key_id: 'A', secret_access_key: 'S' }), { accessKeyId: 'A', secretAccessKey: 'S' })
  assert.equal(read({ AccessKeyId: 'A' }), null)
  assert.equal(read('{broken'), null)
  assert.equal(read('ABSK'), null)
})

test('an address without a region must be given one before it can sign', async () => {
  const provider = providerOf(bedrock, { baseUrl: 'https://proxy.example', options: { access_key_id: 'A' } })
  await assert.rejects(
    async () => bedrock.sign?.(request(), { credential: new Secret('s'), provider, ...moment }),
    /must set its region/,
  )
})

test('models are known by their names: what thinks, what caches, what may be told', () => {
  const of = (name: string) => {
    const { thinking, cacheMarks, topK } = bedrock.dialect(name)
    return { thinking, cacheMarks, topK }
  }
  assert.deepEqual(of(model), { thinking: 'budget', cacheMarks: true, topK: true })
  assert.deepEqual(of('global.anthropic.claude-sonnet-4-6'), { thinking: 'adaptive', cacheMarks: true, topK: true })
  assert.deepEqual(of('anthropic.claude-3-haiku-20240307-v1:0'), { thinking: 'budget', cacheMarks: false, topK: true })
  assert.deepEqual(of('amazon.nova-lite-v1:0'), { thinking: 'none', cacheMarks: true, topK: false })
  assert.deepEqual(of('openai.gpt-oss-120b-1:0'), { thinking: 'effort', cacheMarks: false, topK: false })
})
