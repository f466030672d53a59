import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { SecretPlaces } from '#secret/settings.ts'
import { faultText } from './fault.ts'
import { readConfig } from './load.ts'

const vendors = [
  {
    name: 'moonshot',
    title: 'Moonshot',
    baseUrl: 'https://api.moonshot.example/v1',
    regions: {},
    regionCurrencies: {},
    keyEnv: [],
    keyless: false,
    local: false,
    options: {},
    protocols: ['openai-chat'],
  },
]

const provider = (reference: string): string => `providers: { a: { vendor: moonshot, api_key: "${reference}" } }\n`

/** Reads the text; what was opened, and which references were read. */
const reading = async (text: string, environment: Readonly<Record<string, string>> = {}, value = 's3cret') => {
  const opened: SecretPlaces[] = []
  const asked: string[] = []
  let kept: readonly string[] | null = null
  const secrets = {
    keepOnly: (references: readonly { readonly text: string }[]) => {
      kept = references.map((one) => one.text)
    },
    open: (places: SecretPlaces) => void opened.push(places),
    read: async (reference: { readonly text: string }) => {
      asked.push(reference.text)
      if (value === '') throw new Problem('upstream_error', { message: 'Vault answered 503: sealed' })
      return value
    },
  }
  const loaded = await readConfig({ text, file: 'drover.yaml' }, { workingFolder: '/', environment, vendors, secrets })
  return { loaded, opened, asked, kept, faults: loaded.ok ? [] : loaded.faults.map(faultText) }
}

test('a reference leads to what the manager has, and only then is it looked up where that is', async () => {
  const { loaded, opened, asked, kept } = await reading(provider('vault:llm/kimi#key'), {
    VAULT_ADDR: 'https://v.example/',
    VAULT_TOKEN: 't',
  })
  assert.ok(loaded.ok)
  const [credential] = loaded.config.providers[0]?.credentials ?? []
  assert.deepEqual([credential?.reference, credential?.secret.reveal()], ['vault:llm/kimi#key', 's3cret'])
  assert.deepEqual([asked, kept], [['vault:llm/kimi#key'], ['vault:llm/kimi#key']])
  const vault = opened[0]?.vault
  assert.ok(vault !== undefined && !('missing' in vault))
  assert.deepEqual(
    [vault.address, vault.mount, vault.token?.reveal(), vault.appRole],
    ['https://v.example', 'secret', 't', null],
  )
  const none = await reading(provider('env:KEY'), { KEY: 'k', GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' })
  assert.deepEqual([none.opened.length, none.faults, none.kept], [0, [], []])
})

test('what is missing of a place is said when it is asked, and is no fault of those who do not ask', async () => {
  const { opened } = await reading(provider('vault:llm/kimi#key'), { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' })
  const { vault, aws, gcp } = opened[0] ?? assert.fail('nothing was opened')
  for (const [place, words] of [
    [vault, /VAULT_ADDR/],
    [aws, /AWS_REGION/],
    [gcp, /GOOGLE_APPLICATION_CREDENTIALS.*there is no such file/],
  ] as const) {
    assert.ok('missing' in place)
    assert.match(place.missing, words)
  }
})

test('a manager that does not answer is a fault that names the reference and whose secret it is', async () => {
  const { faults, kept } = await reading(provider('vault:llm/kimi#key'), {}, '')
  assert.deepEqual([faults.length, kept], [1, null])
  assert.match(
    faults[0] ?? '',
    /drover.yaml:1:\d+ providers\.a\.api_key: names 'vault:llm\/kimi#key' \(for provider 'a'\), which cannot be read: Vault answered 503/,
  )
})

test('the block says all of it, and what opens a manager is not kept in one', async () => {
  const block = `secrets:
  refresh: 5s
  vault: { address: "https://v.example", mount: kv, namespace: team, app_role: { role_id: "env:ROLE", secret_id: "env:ID" } }
  aws: { region: eu-central-1, access_key_id: "env:A", secret_access_key: "env:S" }
  azure: { vault_url: "https://house.vault.azure.net/", tenant_id: t, client_id: c, client_secret: "env:S" }
`
  const environment = { ROLE: 'r', ID: 'i', A: 'a', S: 's', AWS_SESSION_TOKEN: 'of other keys' }
  const { loaded, opened } = await reading(block + provider('aws-sm:kimi'), environment)
  assert.ok(loaded.ok)
  assert.equal(loaded.config.secretsRefreshMs, 5_000)
  const { vault, aws, azure } = opened[0] ?? assert.fail('nothing was opened')
  assert.ok(!('missing' in vault) && !('missing' in aws) && !('missing' in azure))
  assert.deepEqual([vault.namespace, vault.appRole?.secretId.reveal(), vault.appRole?.mount], ['team', 'i', 'approle'])
  assert.ok(aws.credentials.kind === 'key')
  const { accessKeyId, sessionToken } = aws.credentials
  assert.deepEqual([aws.region, accessKeyId.reveal(), sessionToken], ['eu-central-1', 'a', null])
  assert.equal(azure.vaultUrl, 'https://house.vault.azure.net')
  const given = { AWS_REGION: 'r', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'own' }
  const { aws: own } = (await reading(provider('aws-sm:kimi'), given)).opened[0] ?? assert.fail('nothing was opened')
  assert.ok(!('missing' in own) && own.credentials.kind === 'key')
  assert.equal(own.credentials.sessionToken?.reveal(), 'own')
  const circle = await reading(
    `secrets: { vault: { address: "https://v.example", token: "vault:own#token" } }\n${provider('vault:x#y')}`,
  )
  assert.match(circle.faults.join('\n'), /secrets\.vault\.token: names a secret manager .* cannot be asked here/)
})

const placesFor = async (environment: Readonly<Record<string, string>>, block = '') => {
  const { opened } = await reading(block + provider('aws-sm:kimi'), environment)
  return opened[0] ?? assert.fail('nothing was opened')
}

test('AWS without a key: the role of the pod, of the task, of the instance, in this order; half a key is a mistake', async () => {
  const region = { AWS_REGION: 'eu-central-1' }
  const of = async (environment: Readonly<Record<string, string>>, block = '') => {
    const { aws } = await placesFor({ ...region, ...environment }, block)
    return 'missing' in aws ? aws.missing : aws.credentials
  }
  assert.deepEqual(await of({}), { kind: 'instance', metadata: null })
  const metadata = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://[fd00:ec2::254]/' }
  assert.deepEqual(await of(metadata), { kind: 'instance', metadata: 'http://[fd00:ec2::254]' })
  const block = 'secrets: { aws: { metadata: "http://127.0.0.1:1338/" } }\n'
  assert.deepEqual(await of(metadata, block), { kind: 'instance', metadata: 'http://127.0.0.1:1338' })
  assert.match(String(await of({ AWS_EC2_METADATA_DISABLED: 'TRUE' })), /no access key/)
  const task = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x' }
  const container = { kind: 'container', url: 'http://169.254.170.2/v2/credentials/x', tokenFile: null, token: null }
  assert.deepEqual(await of(task), container)
  const pod = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/run/token',
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Basic x',
  }
  const found = await of(pod)
  assert.ok(typeof found !== 'string' && found.kind === 'container')
  assert.deepEqual(
    [found.url, found.tokenFile, found.token?.reveal()],
    ['http://169.254.170.23/v1/credentials', '/var/run/token', 'Basic x'],
  )
  for (const url of [
    'http://10.0.0.1/x',
    'http://169.254.169.254/x',
    'http://127.evil.example/',
    'ftp://127.0.0.1/',
    'x',
  ])
    assert.match(
      String(await of({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url })),
      /no https URL and none of an agent/,
      url,
    )
  for (const url of [
    'https://credentials.example/x',
    'http://localhost:9/x',
    'http://[::1]/',
    'http://[fd00:ec2::23]/v1',
  ])
    assert.equal(Object(await of({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url })).kind, 'container', url)
  for (const path of ['.evil.example/', '@evil.example/'])
    assert.match(String(await of({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path })), /no https URL/)
  const web = { ...task, AWS_ROLE_ARN: 'arn:aws:iam::1:role/r', AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/jwt' }
  const identity = { kind: 'web-identity', roleArn: web.AWS_ROLE_ARN, tokenFile: '/var/run/jwt', endpoint: null }
  assert.deepEqual(await of(web), { ...identity, sessionName: 'drover' })
  assert.deepEqual(await of({ ...web, AWS_ROLE_SESSION_NAME: 'relay' }), { ...identity, sessionName: 'relay' })
  assert.match(String(await of({ ...web, AWS_ACCESS_KEY_ID: 'a' })), /half an access key/)
  assert.equal(Object(await of({ ...web, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' })).kind, 'key')
})

test('Azure without a secret: what a cluster vouches for, else the managed identity of the service or the machine', async () => {
  const of = async (environment: Readonly<Record<string, string>>, block = '') => {
    const { azure } = await placesFor(environment, block)
    return 'missing' in azure ? azure.missing : azure.credentials
  }
  assert.deepEqual(await of({}), { kind: 'managed', clientId: null, service: null, metadata: null })
  const service = { IDENTITY_ENDPOINT: 'http://localhost:4141/msi/token', IDENTITY_HEADER: 'h' }
  const found = await of({ ...service, AZURE_CLIENT_ID: 'mine' })
  assert.ok(typeof found !== 'string' && found.kind === 'managed')
  assert.deepEqual(
    [found.clientId, found.service?.endpoint, found.service?.header.reveal()],
    ['mine', service.IDENTITY_ENDPOINT, 'h'],
  )
  assert.equal(Object(await of({ IDENTITY_ENDPOINT: 'no url', IDENTITY_HEADER: 'h' })).service, null)
  const block = 'secrets: { azure: { metadata: "http://127.0.0.1:1/" } }\n'
  assert.equal(Object(await of({}, block)).metadata, 'http://127.0.0.1:1')
  const file = { AZURE_FEDERATED_TOKEN_FILE: '/var/run/jwt' }
  assert.match(String(await of(file)), /no application for Azure/)
  assert.match(String(await of({ AZURE_CLIENT_SECRET: 's' })), /AZURE_TENANT_ID/)
  const vouched = await of({ ...file, AZURE_CLIENT_ID: 'c', AZURE_TENANT_ID: 't' })
  assert.deepEqual(vouched, {
    kind: 'application',
    clientId: 'c',
    tenantId: 't',
    proof: { kind: 'file', file: '/var/run/jwt' },
    authority: 'https://login.microsoftonline.com',
  })
})
