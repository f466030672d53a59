import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { jwtVerify } from 'jose'
import { Secret } from '#base/log.ts'
import { providerOf } from './provider.contract.ts'
import type { Signing, Unsigned } from './vendor.ts'
import { vertex } from './vertex.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const account = {
  type: 'service_account',
  project_id: 'harbour',
  private_key_id: 'key-1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  client_email: 'drover@harbour.example',
  token_uri: 'https://tokens.example/token',
}
const credential = new Secret(JSON.stringify(account))
const nowMs = Date.UTC(2026, 10, 28, 12)

type Answer = Awaited<ReturnType<Signing['ask']>>

const signing = (answer: Answer, seen: Unsigned[] = []): Signing => ({
  credential,
  provider: providerOf(vertex),
  nowMs,
  tokens: { take: async (_name, make) => (await make()).text },
  ask: async (request) => {
    seen.push(request)
    return answer
  },
})

const request: Unsigned = {
  method: 'POST',
  url: 'https://a.example/',
  headers: { a: 'b' },
  body: { kind: 'none' },
}

test('a service account states who it is, signed, and its token goes into the header', async () => {
  const seen: Unsigned[] = []
  const given = { status: 200, document: { access_token: 'ya29.token', expires_in: 3599 } }
  const headers = await vertex.sign?.(request, signing(given, seen))
  assert.deepEqual(headers, { a: 'b', authorization: 'Bearer ya29.token' })
  assert.equal(seen[0]?.url, account.token_uri)
  const body = seen[0]?.body
  const form = new URLSearchParams(body?.kind === 'bytes' ? Buffer.from(body.bytes).toString() : '')
  assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
  const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
    currentDate: new Date(nowMs),
  })
  assert.deepEqual(protectedHeader, { alg: 'RS256', typ: 'JWT', kid: 'key-1' })
  assert.deepEqual(payload, {
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    iss: account.client_email,
    aud: account.token_uri,
    iat: nowMs / 1000,
    exp: nowMs / 1000 + 3_600,
  })
  assert.deepEqual(vertex.authorise(credential), {})
})

test('an account that gets no token is the operator’s to mend, and its words are not repeated', async () => {
  const document = { error: 'invalid_grant', error_description: 'account drover@harbour.example not found' }
  await assert.rejects(async () => vertex.sign?.(request, signing({ status: 400, document })), {
    code: 'upstream_error',
    message: /gave its service account no token/,
  })
  const broken = new Secret(JSON.stringify({ ...account, private_key: 'no key' }))
  const order = { ...signing({ status: 200, document: null }), credential: broken }
  await assert.rejects(async () => vertex.sign?.(request, order), /private key .* cannot be read/)
})

test('the project is the account’s own or the operator’s; an API key goes without', () => {
  const at = (rest: Parameters<typeof providerOf>[1]) =>
    vertex.endpoint({
      path: 'models/m:generateContent',
      model: 'm',
      provider: providerOf(vertex, rest),
      protocol: 'gemini',
    }).path
  const google = 'publishers/google/models/m:generateContent'
  assert.equal(at({ credentials: [credential] }), `projects/harbour/locations/global/${google}`)
  assert.equal(
    at({ credentials: [credential], region: 'europe-west4', options: { project: 'other' } }),
    `projects/other/locations/europe-west4/${google}`,
  )
  assert.equal(at({ credentials: [new Secret('AIzaX')] }), google)
})

test('tokens and API keys are sent as they are', async () => {
  assert.deepEqual(vertex.authorise(new Secret('AIzaX')), { 'x-goog-api-key': 'AIzaX' })
  const token = new Secret('ya29.X')
  assert.deepEqual(vertex.authorise(token), { authorization: 'Bearer ya29.X' })
  const order = { ...signing({ status: 500, document: null }), credential: token }
  assert.equal(await vertex.sign?.(request, order), request.headers)
})
