import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import type { ProblemCode } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import { awsPlace } from './aws-secrets.ts'
import { azurePlace } from './azure-secrets.ts'
import { googlePlace } from './google-secrets.ts'
import { targetOf, valueIn, withValue } from './place.ts'
import type { VaultPlace } from './settings.ts'
import { awsKey, fakeAws, fakeAzure, fakeGoogle, fakeVault } from './test-places.ts'
import { vaultPlace } from './vault.ts'

const way = { allowPrivate: false, certificateAuthorities: null }

/** Who has a key of their own asks nobody for one. */
const nobody = () => assert.fail('no machine is asked')
const noMachine = { askMachine: nobody, askMachineText: nobody, askText: nobody, readFile: nobody }

const hands = () => {
  let nowMs = Date.UTC(2026, 10, 29, 12)
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass: (byS: number): void => {
      nowMs += byS * 1000
    },
  }
}

/** The message of the refusal, which must be of this code and hold none of the secrets of these tests. */
const refused = async (asked: Promise<unknown>, code: ProblemCode): Promise<string> => {
  try {
    await asked
  } catch (thrown) {
    assert.ok(thrown instanceof Problem)
    assert.equal(thrown.code, code)
    assert.doesNotMatch(thrown.message, /secret-of-role|client-secret|hvs\.|s3cret/)
    return thrown.message
  }
  return assert.fail('it was not refused')
}

test('a target is a name and a field; a value is that field, and what there is beside it stays when it is written', () => {
  assert.deepEqual(targetOf('a/b#key'), { name: 'a/b', field: 'key' })
  assert.deepEqual(targetOf('a#b#key'), { name: 'a#b', field: 'key' })
  assert.deepEqual(targetOf('plain'), { name: 'plain', field: null })
  assert.equal(valueIn('{"key":"s3cret","other":"x"}', 'key'), 's3cret')
  assert.equal(valueIn('s3cret', null), 's3cret')
  assert.throws(() => valueIn('{"key":"s3cret"}', 'kye'), /no text in the field 'kye'; its fields are key$/)
  assert.throws(() => valueIn('s3cret', 'key'), /no field 'key'/)
  assert.throws(() => valueIn('{"key":7}', 'key'), /no text/)
  assert.equal(withValue('{"other":"x"}', 'key', 'new'), '{"other":"x","key":"new"}')
  assert.equal(withValue(null, 'key', 'new'), '{"key":"new"}')
  assert.equal(withValue('old', null, 'new'), 'new')
  assert.throws(() => withValue('old', 'key', 'new'), /leave '#key' out/)
})

const vaultOf = (changes: Partial<VaultPlace> = {}): VaultPlace => ({
  ...way,
  address: 'https://vault.example:8200',
  namespace: null,
  mount: 'secret',
  token: new Secret('hvs.root'),
  appRole: null,
  ...changes,
})
const asRole = vaultOf({
  token: null,
  appRole: { roleId: new Secret('role'), secretId: new Secret('secret-of-role'), mount: 'approle' },
})

test('Vault: a token reads and writes; what was written by somebody else at the same time is not overwritten', async () => {
  const clock = hands()
  const vault = fakeVault(clock)
  vault.issue('hvs.root', 0)
  vault.kept.set('llm/openai', { version: 3, data: { key: 's3cret' } })
  const place = vaultPlace({ place: vaultOf(), ask: vault.ask, clock })
  assert.equal(await place.read('llm/openai'), '{"key":"s3cret"}')
  assert.equal(await place.read('data/llm/openai'), '{"key":"s3cret"}')
  await place.write('llm/openai', (before) => withValue(before, 'next', 'n'))
  assert.deepEqual(vault.kept.get('llm/openai'), { version: 4, data: { key: 's3cret', next: 'n' } })
  await place.write('llm/new', (before) => withValue(before, 'key', 'n'))
  assert.deepEqual(vault.kept.get('llm/new'), { version: 1, data: { key: 'n' } })
  vault.kept.set('llm/gone', { version: 2, data: null })
  assert.match(await refused(place.read('llm/gone'), 'not_found'), /nothing at 'llm\/gone'/)
  await place.write('llm/gone', (before) => withValue(before, 'key', 'again'))
  assert.equal(vault.kept.get('llm/gone')?.version, 3)
  const racing = place.write('llm/openai', (before) => {
    vault.kept.set('llm/openai', { version: 9, data: { key: 'theirs' } })
    return withValue(before, 'key', 'mine')
  })
  assert.match(await refused(racing, 'conflict'), /at the same time/)
  assert.match(await refused(place.read('nothing'), 'not_found'), /nothing at 'nothing' in 'secret'/)
})

test('Vault: an AppRole signs in, renews its token at two thirds of its time, and signs in again when that is over', async () => {
  const clock = hands()
  const vault = fakeVault(clock)
  vault.kept.set('a', { version: 1, data: { key: 's3cret' } })
  const place = vaultPlace({ place: asRole, ask: vault.ask, clock })
  await Promise.all([place.read('a'), place.read('a')])
  assert.deepEqual([vault.state.logins, vault.state.renewals], [1, 0])
  clock.pass(39)
  await place.read('a')
  assert.equal(vault.state.renewals, 0)
  clock.pass(2)
  await place.read('a')
  assert.deepEqual([vault.state.logins, vault.state.renewals], [1, 1])
  for (let turn = 0; turn < 9; turn += 1) {
    clock.pass(19)
    assert.equal(await place.read('a'), '{"key":"s3cret"}')
  }
  assert.ok(vault.state.logins === 2 && vault.state.renewals >= 3, JSON.stringify(vault.state))
  vault.endAll()
  assert.equal(await place.read('a'), '{"key":"s3cret"}', 'a token that was revoked is replaced')
  const { logins } = vault.state
  vault.denied.add('b')
  for (let turn = 0; turn < 3; turn += 1)
    assert.match(await refused(place.read('b'), 'upstream_error'), /its policy lets the token not read 'b'/)
  assert.equal(vault.state.logins, logins, 'a policy that says no is not asked for another token')
})

test('Vault: a token that is not taken, a wrong role and a sealed Vault are told apart, without what was sent', async () => {
  const clock = hands()
  const vault = fakeVault(clock)
  assert.match(
    await refused(vaultPlace({ place: vaultOf(), ask: vault.ask, clock }).read('a'), 'upstream_error'),
    /403: the token is not taken/,
  )
  const wrong = { roleId: new Secret('role'), secretId: new Secret('s3cret'), mount: 'approle' }
  const place = vaultPlace({ place: vaultOf({ token: null, appRole: wrong }), ask: vault.ask, clock })
  assert.match(await refused(place.read('a'), 'upstream_error'), /AppRole got no token/)
  vault.state.isSealed = true
  assert.match(await refused(vaultPlace({ place: asRole, ask: vault.ask, clock }).read('a'), 'upstream_error'), /503/)
})

test('Vault: while renewing fails the token serves to its end', async () => {
  const clock = hands()
  const vault = fakeVault(clock)
  vault.issue('hvs.root', 60, { renewable: true })
  vault.kept.set('a', { version: 1, data: { key: 's3cret' } })
  let isAway = false
  const ask: typeof vault.ask = async (asked) => {
    if (isAway && new URL(asked.url).pathname.endsWith('-self'))
      throw new Problem('upstream_error', { message: 'reset' })
    return vault.ask(asked)
  }
  const place = vaultPlace({ place: vaultOf(), ask, clock })
  await place.read('a')
  isAway = true
  clock.pass(50)
  assert.equal(await place.read('a'), '{"key":"s3cret"}')
  clock.pass(11)
  await refused(place.read('a'), 'upstream_error')
})

test('AWS: every request is signed with what Amazon reads of it; a secret is read, changed and made', async () => {
  const clock = hands()
  const aws = fakeAws(clock)
  aws.kept.set('llm/openai', '{"key":"s3cret"}')
  const place = awsPlace({
    place: {
      ...way,
      region: 'eu-central-1',
      credentials: {
        kind: 'key',
        accessKeyId: new Secret(awsKey.id),
        secretAccessKey: new Secret(awsKey.secret),
        sessionToken: new Secret('session'),
      },
      endpoint: null,
    },
    ask: aws.ask,
    ...noMachine,
    clock,
    ids: { bytes: (size) => new Uint8Array(size).fill(7) },
  })
  assert.equal(await place.read('llm/openai'), '{"key":"s3cret"}')
  await place.write('llm/openai', (before) => withValue(before, 'next', 'n'))
  assert.equal(aws.kept.get('llm/openai'), '{"key":"s3cret","next":"n"}')
  await place.write('llm/new', (before) => withValue(before, null, 'n'))
  assert.equal(aws.kept.get('llm/new'), 'n')
  assert.match(await refused(place.read('missing'), 'not_found'), /no secret 'missing'/)
  await refused(place.read('arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf'), 'not_found')
  assert.equal(aws.seen.at(-1), 'GetSecretValue secretsmanager.us-east-1.amazonaws.com')
  await refused(place.read('arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:x-AbCdEf'), 'not_found')
  assert.equal(aws.seen.at(-1), 'GetSecretValue secretsmanager.cn-north-1.amazonaws.com.cn')
})

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const robot = new Secret(
  JSON.stringify({
    client_email: 'robot@p.iam',
    private_key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    project_id: 'p',
  }),
)

test('Google: a service account is exchanged for a token that is kept, renewed before its end, and reads versions', async () => {
  const clock = hands()
  const google = fakeGoogle(clock, publicPem)
  google.kept.set('projects/p/secrets/openai', ['old', 's3cret'])
  const settings = { ...way, project: null, credentials: robot, endpoint: null, metadata: null }
  const place = googlePlace({ place: settings, ask: google.ask, askMetadata: google.askMetadata, clock })
  for (const name of ['openai', 'p/openai', 'projects/p/secrets/openai', 'projects/p/secrets/openai/versions/2'])
    assert.equal(await place.read(name), 's3cret', name)
  assert.equal(await place.read('projects/p/secrets/openai/versions/1'), 'old')
  assert.equal(google.state.tokens, 1)
  clock.pass(3_650)
  assert.equal(await place.read('openai'), 's3cret')
  assert.equal(google.state.tokens, 2)
  await place.write('made', (before) => withValue(before, null, 'n'))
  await place.write('openai', () => 'third')
  assert.deepEqual(
    [google.kept.get('projects/p/secrets/made'), google.kept.get('projects/p/secrets/openai')?.at(-1)],
    [['n'], 'third'],
  )
  assert.match(await refused(place.read('missing'), 'not_found'), /no such version/)
  assert.match(await refused(place.read('a/b/c'), 'not_found'), /names no secret/)
})

test("Google: without a key the machine's own account is asked for, and a name without a project is refused", async () => {
  const clock = hands()
  const google = fakeGoogle(clock, publicPem)
  google.kept.set('projects/p/secrets/openai', ['s3cret'])
  const settings = { ...way, project: null, credentials: null, endpoint: null, metadata: null }
  const place = googlePlace({ place: settings, ask: google.ask, askMetadata: google.askMetadata, clock })
  assert.equal(await place.read('p/openai'), 's3cret')
  assert.match(await refused(place.read('openai'), 'not_found'), /names no project/)
})

test("Google: credentials that are no key of a service account are an error, never the machine's own account", () => {
  const clock = hands()
  const { ask, askMetadata } = fakeGoogle(clock, publicPem)
  for (const text of ['', 's3cret', '{', '{"type":"external_account"}']) {
    const place = { ...way, project: null, credentials: new Secret(text), endpoint: null, metadata: null }
    assert.throws(() => googlePlace({ place, ask, askMetadata, clock }), /is no JSON key of a service account/, text)
  }
})

test('Azure: an application gets a token for the vault, reads and writes, and its secret is in no message', async () => {
  const clock = hands()
  const azure = fakeAzure(clock)
  azure.kept.set('openai', 's3cret')
  const settings = {
    ...way,
    vaultUrl: null,
    credentials: {
      kind: 'application',
      tenantId: 'tenant',
      clientId: 'client',
      proof: { kind: 'secret', secret: new Secret('client-secret') },
      authority: 'https://login.microsoftonline.com',
    },
  } as const
  const place = azurePlace({ place: settings, ask: azure.ask, ...noMachine, clock })
  assert.equal(await place.read('house/openai'), 's3cret')
  await place.write('house/made', (before) => withValue(before, 'key', 'n'))
  assert.equal(azure.kept.get('made'), '{"key":"n"}')
  assert.equal(azure.state.tokens, 1)
  assert.match(await refused(place.read('house/missing'), 'not_found'), /no secret 'house\/missing'/)
  assert.match(await refused(place.read('openai'), 'not_found'), /names no vault/)
  assert.match(await refused(place.read('house/a_b'), 'not_found'), /letters, digits/)
  const asked: string[] = []
  const ask: typeof azure.ask = async ({ url, body }) => {
    if (body.kind === 'bytes') asked.push(new URLSearchParams(Buffer.from(body.bytes).toString()).get('scope') ?? '')
    else asked.push(new URL(url).host)
    return { status: 200, document: { access_token: 't', expires_in: 60, value: 's3cret' } }
  }
  const chinese = { ...settings.credentials, authority: 'https://login.chinacloudapi.cn' }
  const china = { ...settings, vaultUrl: 'https://own.vault.azure.cn', credentials: chinese }
  await azurePlace({ place: china, ask, ...noMachine, clock }).read('house/openai')
  assert.deepEqual(asked, ['https://vault.azure.cn/.default', 'house.vault.azure.cn'])
  const proof = { kind: 'secret', secret: new Secret('s3cret') } as const
  const wrong = { ...settings, credentials: { ...settings.credentials, proof } }
  assert.match(
    await refused(
      azurePlace({ place: wrong, ask: azure.ask, ...noMachine, clock }).read('house/openai'),
      'upstream_error',
    ),
    /got no token/,
  )
})
