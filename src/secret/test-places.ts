/** Secret managers in memory, as strict as their manuals: whatever a real one would refuse is refused. For tests. */

import assert from 'node:assert/strict'
import { createHash, createHmac, createVerify } from 'node:crypto'
import type { JsonObject } from '#base/json-type.ts'
import type { Ask } from '#http/token-keeper.ts'

type Asked = Parameters<Ask>[0]
type Reply = Awaited<ReturnType<Ask>>

const bodyText = ({ body }: Asked): string => (body.kind === 'bytes' ? Buffer.from(body.bytes).toString('utf8') : '')
const bodyJson = (asked: Asked): Record<string, string> => {
  assert.match(asked.headers['content-type'] ?? '', /^application\/(json|x-amz-json-1\.1)$/)
  return JSON.parse(bodyText(asked))
}
const reply = (status: number, document: unknown = null): Reply => ({ status, document: document as Reply['document'] })

type VaultToken = { endsMs: number; renewable: boolean; readonly ttlS: number; readonly maxEndsMs: number }

/** Vault with one mount `secret`, AppRole at `approle`, and tokens that end. */
export const fakeVault = (clock: { readonly nowMs: () => number }) => {
  const tokens = new Map<string, VaultToken>()
  const kept = new Map<string, { version: number; data: JsonObject | null }>()
  const seen: string[] = []
  const denied = new Set<string>()
  const state = { isSealed: false, logins: 0, renewals: 0 }
  const issue = (token: string, ttlS: number, { renewable = true, maxS = ttlS * 3 } = {}): void => {
    tokens.set(token, { ttlS, renewable, endsMs: clock.nowMs() + ttlS * 1000, maxEndsMs: clock.nowMs() + maxS * 1000 })
  }
  const holder = (headers: Asked['headers']): VaultToken | null => {
    const token = tokens.get(headers['x-vault-token'] ?? '')
    return token === undefined || (token.ttlS > 0 && clock.nowMs() >= token.endsMs) ? null : token
  }
  const logIn = (asked: Asked): Reply => {
    const { role_id: role, secret_id: secret } = bodyJson(asked)
    if (role !== 'role' || secret !== 'secret-of-role') return reply(400, { errors: ['invalid role or secret ID'] })
    state.logins += 1
    const token = `hvs.${state.logins}`
    issue(token, 60)
    return reply(200, { auth: { client_token: token, lease_duration: 60, renewable: true } })
  }
  const renew = (token: VaultToken): Reply => {
    if (!token.renewable) return reply(400, { errors: ['lease is not renewable'] })
    state.renewals += 1
    token.endsMs = Math.min(clock.nowMs() + token.ttlS * 1000, token.maxEndsMs)
    const leftS = Math.floor((token.endsMs - clock.nowMs()) / 1000)
    return leftS <= 0 ? reply(403) : reply(200, { auth: { lease_duration: leftS, renewable: true } })
  }
  const data = (asked: Asked, name: string): Reply => {
    const found = kept.get(name)
    const metadata = { version: found?.version ?? 0 }
    if (asked.method === 'GET') {
      if (found === undefined) return reply(404, { errors: [] })
      return found.data === null
        ? reply(404, { data: { data: null, metadata } })
        : reply(200, { data: { data: found.data, metadata } })
    }
    assert.equal(asked.method, 'POST')
    const { data: value, options } = bodyJson(asked) as unknown as { data: JsonObject; options: { cas: number } }
    if (options.cas !== metadata.version) return reply(400, { errors: ['check-and-set parameter did not match'] })
    kept.set(name, { version: metadata.version + 1, data: value })
    return reply(200, { data: { version: metadata.version + 1 } })
  }
  const ask: Ask = async (asked) => {
    const path = decodeURIComponent(new URL(asked.url).pathname)
    seen.push(`${asked.method} ${path}`)
    assert.equal(asked.headers['x-vault-request'], 'true')
    if (state.isSealed) return reply(503, { errors: ['Vault is sealed'] })
    if (path === '/v1/auth/approle/login' && asked.method === 'POST') return logIn(asked)
    const token = holder(asked.headers)
    if (token === null) return reply(403, { errors: ['permission denied'] })
    if (path === '/v1/auth/token/lookup-self' && asked.method === 'GET')
      return reply(200, { data: { ttl: token.ttlS, renewable: token.renewable } })
    if (path === '/v1/auth/token/renew-self' && asked.method === 'POST') return renew(token)
    const [, name] = /^\/v1\/secret\/data\/(.+)$/.exec(path) ?? []
    if (name === undefined) return reply(404, { errors: ['no handler for route'] })
    return denied.has(name) ? reply(403, { errors: ['permission denied'] }) : data(asked, name)
  }
  return { ask, kept, seen, denied, state, issue, endAll: () => tokens.clear() }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export const awsKey = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

/** The signature made anew, step by step as the manual says, with none of the code that is tested. */
const checkSignature = (asked: Asked, nowMs: number): void => {
  const { headers, url, method } = asked
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/secretsmanager\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
  const [, id, day = '', region = '', names = '', signature] = form.exec(headers['authorization'] ?? '') ?? []
  assert.equal(id, awsKey.id)
  const date = headers['x-amz-date'] ?? ''
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  const dateMs = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
  assert.ok(Math.abs(dateMs - nowMs) <= 300_000, 'the date is within five minutes')
  const list = names.split(';')
  const { host, pathname } = new URL(url)
  for (const name of ['host', 'x-amz-date', 'x-amz-target', 'content-type'])
    assert.ok(list.includes(name), `${name} is signed`)
  assert.deepEqual(list, list.toSorted())
  const canonicalHeaders = list
    .map((name) => `${name}:${(name === 'host' ? host : (headers[name] ?? '')).trim().replace(/ +/g, ' ')}\n`)
    .join('')
  const canonical = [method, pathname, '', canonicalHeaders, names, sha256(bodyText(asked))].join('\n')
  const scope = `${day}/${region}/secretsmanager/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = [day, region, 'secretsmanager', 'aws4_request'].reduce<string | Buffer>(
    (last, part) => hmac(last, part),
    `AWS4${awsKey.secret}`,
  )
  assert.equal(signature, hmac(key, toSign).toString('hex'))
}

export const fakeAws = (clock: { readonly nowMs: () => number }) => {
  const kept = new Map<string, string>()
  const seen: string[] = []
  const missing = reply(400, { __type: 'ResourceNotFoundException', Message: 'no such secret' })
  const ask: Ask = async (asked) => {
    assert.equal(asked.headers['content-type'], 'application/x-amz-json-1.1')
    checkSignature(asked, clock.nowMs())
    const [, action] = /^secretsmanager\.(\w+)$/.exec(asked.headers['x-amz-target'] ?? '') ?? []
    seen.push(`${action} ${new URL(asked.url).host}`)
    const { SecretId: id = '', Name: name = '', SecretString: text = '', ClientRequestToken: token } = bodyJson(asked)
    if (action === 'GetSecretValue') return kept.has(id) ? reply(200, { SecretString: kept.get(id) }) : missing
    assert.match(token ?? '', /^[\w-]{32,64}$/)
    if (action === 'PutSecretValue') {
      if (!kept.has(id)) return missing
      kept.set(id, text)
      return reply(200, { VersionId: token })
    }
    assert.equal(action, 'CreateSecret')
    if (kept.has(name)) return reply(400, { __type: 'ResourceExistsException' })
    kept.set(name, text)
    return reply(200, { VersionId: token })
  }
  return { ask, kept, seen }
}

/** Google's token endpoint, metadata server and Secret Manager; the private key's owner is `robot@p.iam`. */
export const fakeGoogle = (clock: { readonly nowMs: () => number }, publicKey: string) => {
  const kept = new Map<string, string[]>()
  const state = { tokens: 0 }
  const valid = new Map<string, number>()
  const grant = (): Reply => {
    state.tokens += 1
    valid.set(`ya29.${state.tokens}`, clock.nowMs() + 3_600_000)
    return reply(200, { access_token: `ya29.${state.tokens}`, expires_in: 3600, token_type: 'Bearer' })
  }
  const exchange = (asked: Asked): Reply => {
    const form = new URLSearchParams(bodyText(asked))
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const isSigned = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url')
    if (!isSigned) return reply(400, { error: 'invalid_grant' })
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
    assert.deepEqual([said.iss, said.aud], ['robot@p.iam', 'https://oauth2.googleapis.com/token'])
    assert.ok(said.exp - said.iat <= 3600 && Math.abs(said.iat * 1000 - clock.nowMs()) <= 60_000)
    assert.equal(said.scope, 'https://www.googleapis.com/auth/cloud-platform')
    return grant()
  }
  const secrets = (asked: Asked): Reply => {
    const path = new URL(asked.url).pathname.replace(/^\/v1\//, '')
    const [, name = '', version] = /^(projects\/[^/]+\/secrets\/[^/:]+)(?:\/versions\/([^:]+))?/.exec(path) ?? []
    const versions = kept.get(name)
    if (path.endsWith(':access')) {
      const text = version === 'latest' ? versions?.at(-1) : versions?.[Number(version) - 1]
      return text === undefined
        ? reply(404, { error: { status: 'NOT_FOUND' } })
        : reply(200, { payload: { data: Buffer.from(text).toString('base64') } })
    }
    assert.equal(asked.method, 'POST')
    if (path.endsWith(':addVersion')) {
      if (versions === undefined) return reply(404)
      const { payload } = bodyJson(asked) as unknown as { payload: { data: string } }
      versions.push(Buffer.from(payload.data, 'base64').toString('utf8'))
      return reply(200, {})
    }
    assert.deepEqual(bodyJson(asked)['replication'], { automatic: {} })
    kept.set(`${path}/${new URL(asked.url).searchParams.get('secretId')}`, [])
    return reply(200, {})
  }
  const ask: Ask = async (asked) => {
    if (asked.url === 'https://oauth2.googleapis.com/token') return exchange(asked)
    assert.equal(new URL(asked.url).origin, 'https://secretmanager.googleapis.com')
    const token = /^Bearer (.+)$/.exec(asked.headers['authorization'] ?? '')?.[1] ?? ''
    return (valid.get(token) ?? 0) > clock.nowMs() ? secrets(asked) : reply(401)
  }
  const askMetadata: Ask = async (asked) => {
    const path = '/computeMetadata/v1/instance/service-accounts/default/token'
    if (asked.url !== `http://metadata.google.internal${path}`) return reply(404)
    return asked.headers['metadata-flavor'] === 'Google' ? grant() : reply(403)
  }
  return { ask, askMetadata, kept, state }
}

/** Entra's token endpoint and the vault `house`. */
export const fakeAzure = (clock: { readonly nowMs: () => number }) => {
  const kept = new Map<string, string>()
  const state = { tokens: 0 }
  const valid = new Map<string, number>()
  const issue = (endsMs: number): string => {
    state.tokens += 1
    valid.set(`eyJ.${state.tokens}`, endsMs)
    return `eyJ.${state.tokens}`
  }
  const ask: Ask = async (asked) => {
    const { headers, method } = asked
    const url = new URL(asked.url)
    if (url.href === 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token') {
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
      const form = Object.fromEntries(new URLSearchParams(bodyText(asked)))
      const { client_secret: secret, client_assertion: statement, client_assertion_type: kind, ...rest } = form
      assert.deepEqual(rest, {
        grant_type: 'client_credentials',
        client_id: 'client',
        scope: 'https://vault.azure.net/.default',
      })
      const isVouched = statement === 'jwt-azure' && kind === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
      if (secret === undefined ? !isVouched : secret !== 'client-secret' || statement !== undefined)
        return reply(401, { error: 'invalid_client' })
      return reply(200, { access_token: issue(clock.nowMs() + 3_599_000), expires_in: 3599, token_type: 'Bearer' })
    }
    assert.equal(url.searchParams.get('api-version'), '7.4')
    const token = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? ''
    if ((valid.get(token) ?? 0) <= clock.nowMs()) return reply(401)
    const [, name] = /^\/secrets\/([a-zA-Z0-9-]{1,127})$/.exec(url.pathname) ?? []
    if (url.host !== 'house.vault.azure.net' || name === undefined) return reply(404)
    if (method === 'PUT') kept.set(name, bodyJson(asked)['value'] ?? '')
    return kept.has(name)
      ? reply(200, { value: kept.get(name), id: url.href })
      : reply(404, { error: { code: 'SecretNotFound' } })
  }
  return { ask, kept, state, issue }
}
