/** What machines in a cloud ask for their own credentials, as strict as its manuals. For tests. */

import assert from 'node:assert/strict'
import type { Ask, AskText } from '#http/token-keeper.ts'

type Asked = Parameters<Ask>[0]
type Answer = { readonly status: number; readonly text: string }
type Clock = { readonly nowMs: () => number }

const textAsks = (answer: (asked: Asked) => Answer): { readonly text: AskText; readonly document: Ask } => ({
  text: async (asked) => answer(asked),
  document: async (asked) => {
    const { status, text } = answer(asked)
    try {
      return { status, document: JSON.parse(text) }
    } catch {
      return { status, document: null }
    }
  },
})
const formOf = ({ body, headers }: Asked): Readonly<Record<string, string>> => {
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
  assert.ok(body.kind === 'bytes')
  return Object.fromEntries(new URLSearchParams(Buffer.from(body.bytes).toString('utf8')))
}
const refusal = (status: number, text = ''): Answer => ({ status, text })
const json = (value: unknown): Answer => ({ status: 200, text: JSON.stringify(value) })

/** Keys of roles by number, each for an hour. */
export const roleKeys = (clock: Clock, secret: string) => {
  const state = { given: 0 }
  const next = () => {
    state.given += 1
    const endsMs = clock.nowMs() + 3_600_000
    return {
      AccessKeyId: 'AKIDEXAMPLE',
      SecretAccessKey: secret,
      Token: 'session',
      Expiration: new Date(endsMs).toISOString(),
    }
  }
  return { state, next }
}
type Keys = ReturnType<typeof roleKeys>

/** An instance's metadata service of version 2: without a session that holds nothing is said. `role` = null: none is attached. */
export const fakeInstance = (
  clock: Clock,
  keys: Keys,
  { role = 'relay-role' }: { readonly role?: string | null } = {},
) => {
  const sessions = new Map<string, number>()
  const seen: string[] = []
  return {
    seen,
    ...textAsks(({ method, url: address, headers }) => {
      const url = new URL(address)
      seen.push(`${method} ${url.pathname}`)
      assert.equal(url.origin, 'http://169.254.169.254')
      assert.equal(headers['x-forwarded-for'], undefined)
      if (url.pathname === '/latest/api/token') {
        const lifeS = Number(headers['x-aws-ec2-metadata-token-ttl-seconds'])
        if (method !== 'PUT' || !(lifeS >= 1 && lifeS <= 21_600)) return refusal(400)
        const token = `AQAEA${sessions.size}==`
        sessions.set(token, clock.nowMs() + lifeS * 1000)
        return { status: 200, text: token }
      }
      if ((sessions.get(headers['x-aws-ec2-metadata-token'] ?? '') ?? 0) <= clock.nowMs() || method !== 'GET')
        return refusal(401)
      if (role === null) return refusal(404, '<html>Not Found</html>')
      const folder = '/latest/meta-data/iam/security-credentials/'
      if (url.pathname === folder) return { status: 200, text: role }
      if (url.pathname !== `${folder}${role}`) return refusal(404)
      return json({ Code: 'Success', Type: 'AWS-HMAC', LastUpdated: '2026-11-30T00:00:00Z', ...keys.next() })
    }),
  }
}

/** The agent of a task or of a pod, that wants this `Authorization`. */
export const fakeAgent = (
  keys: Keys,
  { href, authorization }: { readonly href: string; readonly authorization: string | undefined },
) =>
  textAsks(({ method, url, headers }) => {
    assert.deepEqual([method, url], ['GET', href])
    return headers['authorization'] === authorization ? json({ RoleArn: 'arn', ...keys.next() }) : refusal(401, 'no')
  })

/** STS in a region, that trusts one token for one role. */
export const fakeSts = (
  keys: Keys,
  trusted: { readonly host: string; readonly role: string; readonly token: () => string },
) =>
  textAsks((asked) => {
    assert.deepEqual([asked.method, asked.url], ['POST', `https://${trusted.host}/`])
    assert.equal(asked.headers['authorization'], undefined, 'it is not signed')
    const { Action, Version, RoleArn, RoleSessionName, WebIdentityToken, ...others } = formOf(asked)
    assert.deepEqual([Action, Version, others], ['AssumeRoleWithWebIdentity', '2011-06-15', {}])
    assert.match(RoleSessionName ?? '', /^[\w+=,.@-]{2,64}$/)
    const error = (code: string): Answer =>
      refusal(
        400,
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`,
      )
    if (RoleArn !== trusted.role) return error('AccessDenied')
    if (WebIdentityToken !== trusted.token()) return error('InvalidIdentityToken')
    const key = keys.next()
    return {
      status: 200,
      text: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<Audience>sts.amazonaws.com</Audience><Credentials><SessionToken>${key.Token}</SessionToken><SecretAccessKey>${key.SecretAccessKey}</SecretAccessKey>
<Expiration>${key.Expiration}</Expiration><AccessKeyId>${key.AccessKeyId}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    }
  })

/** The service of managed identities of a virtual machine, and that of App Service; `own` = the identity that may be named. */
export const fakeIdentities = (clock: Clock, issue: (endsMs: number) => string, own = 'mine') => {
  const token = (url: URL) => {
    assert.equal(url.searchParams.get('resource'), 'https://vault.azure.net')
    const client = url.searchParams.get('client_id')
    if (client !== null && client !== own) return null
    const endsMs = clock.nowMs() + 3_599_000
    return {
      access_token: issue(endsMs),
      token_type: 'Bearer',
      resource: 'https://vault.azure.net',
      expires_on: String(endsMs / 1000),
    }
  }
  return textAsks(({ method, url: address, headers }) => {
    const url = new URL(address)
    assert.equal(method, 'GET')
    const version = url.searchParams.get('api-version')
    if (url.origin === 'http://169.254.169.254') {
      if (url.pathname !== '/metadata/identity/oauth2/token') return refusal(404)
      if (headers['metadata'] !== 'true' || version !== '2018-02-01') return refusal(400)
      const found = token(url)
      return found === null ? refusal(400, '{"error":"invalid_request"}') : json({ ...found, expires_in: '3599' })
    }
    assert.equal(`${url.origin}${url.pathname}`, 'http://localhost:4141/msi/token')
    if (headers['x-identity-header'] !== 'header-secret' || version !== '2019-08-01') return refusal(401)
    const found = token(url)
    return found === null ? refusal(400) : json(found)
  })
}
