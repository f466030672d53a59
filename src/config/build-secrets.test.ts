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
  const { vault, aws, gcp, azure } = opened[0] ?? assert.fail('nothing was opened')
  for (const [place, words] of [
    [vault, /VAULT_ADDR/],
    [aws, /AWS_REGION/],
    [gcp, /GOOGLE_APPLICATION_CREDENTIALS.*there is no such file/],
    [azure, /AZURE_TENANT_ID/],
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
  assert.deepEqual([aws.region, aws.accessKeyId.reveal(), aws.sessionToken], ['eu-central-1', 'a', null])
  assert.equal(azure.vaultUrl, 'https://house.vault.azure.net')
  const given = { AWS_REGION: 'r', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'own' }
  const { aws: own } = (await reading(provider('aws-sm:kimi'), given)).opened[0] ?? assert.fail('nothing was opened')
  assert.equal('missing' in own ? own.missing : own.sessionToken?.reveal(), 'own')
  const circle = await reading(
    `secrets: { vault: { address: "https://v.example", token: "vault:own#token" } }\n${provider('vault:x#y')}`,
  )
  assert.match(circle.faults.join('\n'), /secrets\.vault\.token: names a secret manager .* cannot be asked here/)
})
