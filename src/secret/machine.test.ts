import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Ask, AskText } from '#http/token-keeper.ts'
import { awsPlace } from './aws-secrets.ts'
import { azurePlace } from './azure-secrets.ts'
import type { AwsCredentials, AzurePlace } from './settings.ts'
import { fakeAgent, fakeIdentities, fakeInstance, fakeSts, roleKeys } from './test-machine.ts'
import { awsKey, fakeAws, fakeAzure } from './test-places.ts'

const way = { allowPrivate: false, certificateAuthorities: null }

const hands = () => {
  let nowMs = Date.UTC(2026, 10, 30, 1)
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass: (byS: number): void => {
      nowMs += byS * 1000
    },
  }
}
type Hands = ReturnType<typeof hands>

const messageOf = async (asked: Promise<unknown>): Promise<string> => {
  const thrown: unknown = await asked.then(
    () => assert.fail('it was not refused'),
    (fault: unknown) => fault,
  )
  assert.ok(thrown instanceof Problem && thrown.code === 'upstream_error', String(thrown))
  assert.doesNotMatch(thrown.message, /jwt-|header-secret|AKID|pod-token|wJalr/)
  return thrown.message
}

const nobody = () => assert.fail('nobody else is asked')

type Ways = {
  readonly askMachine?: Ask
  readonly askMachineText?: AskText
  readonly askText?: AskText
  readonly readFile?: (path: string) => Promise<string>
}

const awsWith = (clock: Hands, credentials: AwsCredentials, ways: Ways) => {
  const aws = fakeAws(clock)
  aws.kept.set('llm/openai', 's3cret')
  const place = awsPlace({
    place: { ...way, region: 'eu-central-1', credentials, endpoint: null },
    ask: aws.ask,
    askMachine: nobody,
    askMachineText: nobody,
    askText: nobody,
    readFile: nobody,
    ...ways,
    clock,
    ids: { bytes: (size) => new Uint8Array(size).fill(7) },
  })
  return { place, read: () => place.read('llm/openai') }
}

test('AWS, an instance: version 2 alone gives the key of the role, which is kept and fetched anew before it ends', async () => {
  const clock = hands()
  const keys = roleKeys(clock, awsKey.secret)
  const machine = fakeInstance(clock, keys)
  const { read } = awsWith(
    clock,
    { kind: 'instance', metadata: null },
    { askMachine: machine.document, askMachineText: machine.text },
  )
  assert.deepEqual(await Promise.all([read(), read()]), ['s3cret', 's3cret'])
  const folder = '/latest/meta-data/iam/security-credentials/'
  assert.deepEqual(machine.seen, ['PUT /latest/api/token', `GET ${folder}`, `GET ${folder}relay-role`])
  clock.pass(3_000)
  await read()
  assert.equal(keys.state.given, 1)
  clock.pass(400)
  assert.equal(await read(), 's3cret')
  await read()
  assert.equal(keys.state.given, 2, 'five minutes before its end there is another')
  clock.pass(86_400)
  assert.equal(await read(), 's3cret')
})

test('AWS, an instance without a role, without version 2, or with credentials that failed, is told apart', async () => {
  const clock = hands()
  const keys = roleKeys(clock, awsKey.secret)
  const of = (machine: { readonly text: AskText; readonly document: Ask }) =>
    messageOf(
      awsWith(
        clock,
        { kind: 'instance', metadata: null },
        { askMachine: machine.document, askMachineText: machine.text },
      ).read(),
    )
  assert.match(await of(fakeInstance(clock, keys, { role: null })), /404: this instance has no role/)
  const answer =
    (status: number, text: string | null): AskText =>
    async () => ({ status, text })
  const broken = (text: AskText, document: unknown) => ({
    text,
    document: async () => ({ status: 200, document: document as never }),
  })
  assert.match(await of(broken(answer(403, ''), null)), /403: it gives no/)
  assert.match(await of(broken(answer(200, null), null)), /200: it gives no/)
  assert.match(await of(broken(answer(200, 'a role'), null)), /200: it gives no/)
  const failed = { Code: 'Failed', Message: 'x' }
  assert.match(await of(broken(answer(200, 'role'), failed)), /no credentials of the role 'role' now/)
  assert.match(await of(broken(answer(200, 'role'), { Code: 'Success', AccessKeyId: 'a' })), /no access key of a role/)
  const elsewhere: string[] = []
  const asked: AskText = async ({ url }) => {
    elsewhere.push(url)
    return { status: 500, text: '' }
  }
  const own = { kind: 'instance', metadata: 'http://[fd00:ec2::254]' } as const
  await messageOf(awsWith(clock, own, { askMachine: nobody, askMachineText: asked }).read())
  assert.deepEqual(elsewhere, ['http://[fd00:ec2::254]/latest/api/token'])
})

test('AWS, a task and a pod: their agent gives the key; a token in a file is read anew each time', async () => {
  const clock = hands()
  const keys = roleKeys(clock, awsKey.secret)
  const task = {
    kind: 'container',
    url: 'http://169.254.170.2/v2/credentials/x',
    tokenFile: null,
    token: null,
  } as const
  const plain = fakeAgent(keys, { href: task.url, authorization: undefined })
  assert.equal(await awsWith(clock, task, { askMachine: plain.document }).read(), 's3cret')
  const given = { ...task, token: new Secret('Basic pod-token') }
  const guarded = fakeAgent(keys, { href: task.url, authorization: 'Basic pod-token' })
  assert.equal(await awsWith(clock, given, { askMachine: guarded.document }).read(), 's3cret')
  assert.match(await messageOf(awsWith(clock, task, { askMachine: guarded.document }).read()), /401: give the task/)
  let file = 'pod-token-1\n'
  const files: string[] = []
  const readFile = async (path: string): Promise<string> => {
    files.push(path)
    return file
  }
  const pod = { ...given, url: 'http://169.254.170.23/v1/credentials', tokenFile: '/var/run/eks/token' }
  const agent: Ask = async (asked) => fakeAgent(keys, { href: pod.url, authorization: file.trim() }).document(asked)
  const { read } = awsWith(clock, pod, { askMachine: agent, readFile })
  assert.equal(await read(), 's3cret')
  file = 'pod-token-2\n'
  clock.pass(3_590)
  assert.equal(await read(), 's3cret')
  assert.deepEqual(files, ['/var/run/eks/token', '/var/run/eks/token'])
  file = 'pod-token\r\nx-evil: 1'
  clock.pass(86_400)
  assert.match(await messageOf(read()), /is no header/)
})

test('AWS, a token of a cluster: STS gives the key of the role, unsigned, in the region; refusals say why', async () => {
  const clock = hands()
  const keys = roleKeys(clock, awsKey.secret)
  const role = 'arn:aws:iam::123456789012:role/relay'
  let file = 'jwt-1\n'
  const web = {
    kind: 'web-identity',
    roleArn: role,
    tokenFile: '/var/run/jwt',
    sessionName: 'drover',
    endpoint: null,
  } as const
  const sts = fakeSts(keys, { host: 'sts.eu-central-1.amazonaws.com', role, token: () => 'jwt-1' })
  const ways = { askText: sts.text, readFile: async () => file }
  assert.equal(await awsWith(clock, web, ways).read(), 's3cret')
  const other = { ...web, roleArn: `${role}-other` }
  assert.match(
    await messageOf(awsWith(clock, other, ways).read()),
    /STS answered 400: AccessDenied for the role '.*-other'/,
  )
  file = 'jwt-2'
  assert.match(await messageOf(awsWith(clock, web, ways).read()), /InvalidIdentityToken/)
  const page: AskText = async () => ({ status: 503, text: null })
  assert.match(await messageOf(awsWith(clock, web, { ...ways, askText: page }).read()), /503: no reason given/)
  const nothing: AskText = async () => ({ status: 200, text: '<a/>' })
  assert.match(await messageOf(awsWith(clock, web, { ...ways, askText: nothing }).read()), /no access key of a role/)
})

const azureWith = (clock: Hands, credentials: AzurePlace['credentials'], ways: Ways & { readonly ask?: Ask } = {}) => {
  const azure = fakeAzure(clock)
  azure.kept.set('openai', 's3cret')
  const identities = fakeIdentities(clock, azure.issue)
  const place = azurePlace({
    place: { ...way, vaultUrl: null, credentials },
    ask: azure.ask,
    askMachine: identities.document,
    readFile: nobody,
    ...ways,
    clock,
  })
  return { azure, read: () => place.read('house/openai') }
}

test('Azure: the managed identity of a machine, one of several, and that of a service, which says its end in another way', async () => {
  const clock = hands()
  const machine = { kind: 'managed', clientId: null, service: null, metadata: null } as const
  const { azure, read } = azureWith(clock, machine)
  assert.equal(await read(), 's3cret')
  await read()
  assert.equal(azure.state.tokens, 1)
  clock.pass(3_580)
  assert.equal(await read(), 's3cret')
  assert.equal(azure.state.tokens, 2)
  assert.equal(await azureWith(clock, { ...machine, clientId: 'mine' }).read(), 's3cret')
  assert.match(
    await messageOf(azureWith(clock, { ...machine, clientId: 'other' }).read()),
    /400: this machine has no such identity/,
  )
  const service = { endpoint: 'http://localhost:4141/msi/token', header: new Secret('header-secret') }
  const inService = azureWith(clock, { ...machine, service })
  assert.equal(await inService.read(), 's3cret')
  clock.pass(3_580)
  assert.equal(await inService.read(), 's3cret')
  assert.equal(inService.azure.state.tokens, 2)
  const wrong = { ...service, header: new Secret('another') }
  assert.match(await messageOf(azureWith(clock, { ...machine, service: wrong }).read()), /401/)
  const asked: string[] = []
  const elsewhere: Ask = async ({ url }) => {
    asked.push(new URL(url).host)
    return { status: 200, document: { access_token: 7 } }
  }
  await messageOf(azureWith(clock, { ...machine, metadata: 'http://127.0.0.1:1' }, { askMachine: elsewhere }).read())
  assert.deepEqual(asked, ['127.0.0.1:1'])
})

test('Azure: what a cluster vouches for stands for the secret of an application', async () => {
  const clock = hands()
  const application = {
    kind: 'application',
    tenantId: 'tenant',
    clientId: 'client',
    proof: { kind: 'file', file: '/var/run/jwt' },
    authority: 'https://login.microsoftonline.com',
  } as const
  const { azure, read } = azureWith(clock, application, { askMachine: nobody, readFile: async () => 'jwt-azure\n' })
  assert.equal(await read(), 's3cret')
  assert.equal(azure.state.tokens, 1)
  const wrong = azureWith(clock, application, { askMachine: nobody, readFile: async () => 'jwt-other' })
  assert.match(await messageOf(wrong.read()), /got no token/)
})
