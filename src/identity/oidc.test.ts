import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import type { LogFields } from '#base/log.ts'
import { Secret } from '#base/log.ts'
import { fetchOver } from '#http/fetch.ts'
import { networkTransport } from '#http/upstream.ts'
import { makeIssuers } from './oidc.ts'
import type { IssuerConfig } from './settings.ts'
import type { Lie } from './test-issuer.ts'
import { clientId, clientSecret, startIssuer } from './test-issuer.ts'

const open = async (context: TestContext, changes: Partial<IssuerConfig> = {}) => {
  const clock = systemClock()
  const fake = await startIssuer(context, clock.nowMs)
  const transport = (allowPrivate: boolean) => {
    const way = networkTransport({ proxy: null, certificateAuthorities: null, clock, allowPrivate })
    context.after(() => way.close())
    return way
  }
  const told: (LogFields | undefined)[] = []
  const issuers = makeIssuers({
    clock,
    log: { warn: (_message, fields) => void told.push(fields) },
    fetch: (allowPrivate) => fetchOver(transport(allowPrivate), clock),
    redirectUrl: () => 'https://relay.example/oidc/callback',
  })
  const issuer: IssuerConfig = {
    id: 'fake',
    title: 'Fake',
    issuer: fake.origin,
    clientId,
    clientSecret: new Secret(clientSecret),
    scope: 'openid email',
    algorithm: 'RS256',
    trusted: { amr: [], acr: [] },
    allowPrivate: true,
    ...changes,
  }
  return { fake, issuers, issuer, told }
}

test('whoever comes back is who the issuer says, by a code that works once', async (context) => {
  const { fake, issuers, issuer } = await open(context)
  const { url, going } = await issuers.go(issuer)
  const query = fake.visit(url)
  assert.deepEqual(await issuers.arrive(issuer, going, query), {
    subject: '42',
    mail: 'ana@example.com',
    name: null,
    hasSecondFactor: false,
  })
  await assert.rejects(issuers.arrive(issuer, going, query), { code: 'upstream_error' })
  assert.deepEqual(fake.refusals, ['invalid_grant'])
})

test('a mail address that the issuer has not proven is none', async (context) => {
  const { fake, issuers, issuer } = await open(context)
  for (const proof of [false, 'true', undefined, null]) {
    fake.is({ sub: '42', email: 'boss@example.com', email_verified: proof })
    const { url, going } = await issuers.go(issuer)
    assert.equal((await issuers.arrive(issuer, going, fake.visit(url))).mail, null)
  }
})

const lies: Readonly<Record<string, Lie>> = {
  'no signature': { signs: 'none' },
  'the client’s secret as a key (Hono CVE-2026-22817)': { signs: 'HS256' },
  'another algorithm (Hono CVE-2026-22818)': { signs: 'ES256' },
  'another key': { signs: 'another key' },
  'another nonce': { claims: { nonce: 'stolen' } },
  'another issuer': { claims: { iss: 'https://evil.example' } },
  'another client': { claims: { aud: 'somebody else' } },
  'a time that is over': { claims: { exp: 1 } },
}

for (const [name, lie] of Object.entries(lies))
  test(`a token with ${name} lets nobody in`, async (context) => {
    const { fake, issuers, issuer } = await open(context)
    fake.lies(lie)
    const { url, going } = await issuers.go(issuer)
    await assert.rejects(issuers.arrive(issuer, going, fake.visit(url)), { code: 'upstream_error' })
  })

test('what came back to another browser, or with another state, lets nobody in', async (context) => {
  const { fake, issuers, issuer } = await open(context)
  const [mine, theirs] = [await issuers.go(issuer), await issuers.go(issuer)]
  await assert.rejects(issuers.arrive(issuer, mine.going, fake.visit(theirs.url)), { code: 'upstream_error' })
  const query = fake.visit(mine.url).replace(/state=[^&]+/, 'state=other')
  await assert.rejects(issuers.arrive(issuer, mine.going, query), { code: 'upstream_error' })
  await assert.rejects(issuers.arrive(issuer, mine.going, 'error=access_denied'), { code: 'upstream_error' })
  const verifier = { ...mine.going, verifier: 'x'.repeat(43) }
  await assert.rejects(issuers.arrive(issuer, verifier, fake.visit(mine.url)), { code: 'upstream_error' })
})

test('an issuer on the own network is asked only where the operator says so', async (context) => {
  const { issuers, issuer } = await open(context, { allowPrivate: false })
  await assert.rejects(issuers.go(issuer), { code: 'upstream_error' })
})

test('the secret of the client is given as the issuer takes it, and in the head where it does not say', async (context) => {
  for (const taken of [null, ['client_secret_basic'], ['client_secret_post']] as const) {
    const { fake, issuers, issuer } = await open(context)
    fake.takes(taken)
    const { url, going } = await issuers.go(issuer)
    assert.equal((await issuers.arrive(issuer, going, fake.visit(url))).subject, '42', String(taken))
  }
})

test('the log says why a sign-in failed, in the words of the issuer', async (context) => {
  const { fake, issuers, issuer, told } = await open(context, { clientSecret: new Secret('an older secret') })
  const { url, going } = await issuers.go(issuer)
  await assert.rejects(issuers.arrive(issuer, going, fake.visit(url)), { code: 'upstream_error' })
  const [fields] = told
  assert.equal(fields?.['issuer'], 'fake')
  assert.match(String(fields?.['why']), /invalid_client: invalid_client it is/)
  assert.doesNotMatch(String(fields?.['why']), /older/)
})

test('a name of several lines is one line, and an address that is none is no address', async (context) => {
  const { fake, issuers, issuer } = await open(context)
  const arrived = async (person: Readonly<Record<string, unknown>>) => {
    fake.is({ sub: '42', email_verified: true, ...person })
    const { url, going } = await issuers.go(issuer)
    const { name, mail } = await issuers.arrive(issuer, going, fake.visit(url))
    return { name, mail }
  }
  assert.deepEqual(await arrived({ name: ' Ana\r\nBcc:\u001b[2J x ', email: 'Ana@Example.com' }), {
    name: 'Ana Bcc: [2J x',
    mail: 'ana@example.com',
  })
  for (const email of ['a b@example.com', 'ana', 'ana@example.com\n', 7])
    assert.equal((await arrived({ email })).mail, null, String(email))
})

test('an issuer that is asked says what it signs with, or what is in the way', async (context) => {
  const { issuers, issuer } = await open(context)
  assert.deepEqual(await issuers.ask(issuer), { algorithms: ['RS256', 'ES256', 'HS256'] })
  const other = await open(context)
  await assert.rejects(issuers.ask({ ...issuer, id: 'other', issuer: `${other.issuer.issuer}/other` }), {
    message: /status code 404/,
  })
})
