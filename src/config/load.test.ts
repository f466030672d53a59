import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Config, Loaded, VendorFacts } from './config.ts'
import { faultText } from './fault.ts'
import { loadConfig, readConfig } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'drover-config-'))
after(() => rmSync(folder, { recursive: true }))

const vendor = (name: string, facts: Partial<VendorFacts> = {}): VendorFacts => ({
  name,
  title: name,
  baseUrl: `https://api.${name}.example/v1`,
  regions: {},
  regionCurrencies: {},
  keyEnv: [`${name.toUpperCase()}_API_KEY`],
  keyless: false,
  local: false,
  options: {},
  protocols: ['openai-chat', 'anthropic-messages'],
  ...facts,
})

const vendors: readonly VendorFacts[] = [
  vendor('moonshot', { regions: { sg: 'https://sg.moonshot.example/v1', cn: 'https://cn.moonshot.example/v1' } }),
  vendor('azure', { baseUrl: null, options: { api_version: 'the version of the API' } }),
  vendor('openai-like'),
  vendor('ollama', { baseUrl: 'http://127.0.0.1:11434/v1', keyEnv: [], keyless: true, local: true }),
  vendor('openai-compatible', { baseUrl: null, keyEnv: [], keyless: true }),
]

const environment = {
  MOONSHOT_API_KEY: 'key-of-moonshot',
  K1: 'first',
  K2: 'second',
  BLANK: '',

  BROKEN: 'a\nb',
}

const reading = (text: string): Promise<Loaded> =>
  readConfig({ text, file: 'drover.yaml' }, { workingFolder: folder, environment, vendors })

const good = async (text: string): Promise<Config> => {
  const loaded = await reading(text)
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.faults.map(faultText).join('\n'))
  return loaded.config
}

const faultsOf = async (text: string): Promise<readonly string[]> => {
  const loaded = await reading(text)
  return loaded.ok ? [] : loaded.faults.map(faultText)
}

const local =
  'providers:\n  local: { vendor: openai-compatible, base_url: "http://127.0.0.1:8000/v1", allow_private: true }\n'

describe('a good file', () => {
  test('fallbacks, regions, policies and checks reach the configuration; a fallback that is no model is a fault', async () => {
    const provider = local.replace(' }', ', region: eu, data_policy: zero_retention, check_every: 30s }')
    const models = (fallbacks: string): string =>
      `models:\n  m: { targets: [ { provider: local, model: a, region: us } ], fallbacks: [${fallbacks}] }\n  large: { targets: [ { provider: local, model: b } ] }\n`
    const config = await good(`${provider}${models('large, local/c')}regions: { default_allowed: [eu, us] }\n`)
    assert.deepEqual(config.regionsAllowed, ['eu', 'us'])
    const [one] = config.providers
    assert.deepEqual([one?.region, one?.dataPolicy, one?.checkEveryMs], ['eu', 'zero-retention', 30_000])
    const [m] = config.models
    assert.deepEqual([m?.fallbacks, m?.targets[0]?.region], [['large', 'local/c'], 'us'])
    const [itself] = await faultsOf(`${provider}${models('m')}`)
    assert.match(itself ?? '', /models\.m\.fallbacks\[0\]: is the model itself/)
    const [unknown] = await faultsOf(`${provider}${models('lrage')}`)
    assert.match(unknown ?? '', /there is no model 'lrage' here; did you mean 'large'/)
  })

  test('chats are asked for in the formats that the operator chose, of those that the vendor speaks', async () => {
    const named = (protocols: string) => `providers:\n  a: { vendor: moonshot, protocols: ${protocols} }\n`
    const [a] = (await good(named('[anthropic-messages]'))).providers
    assert.deepEqual(a?.protocols, ['anthropic-messages'])
    assert.equal((await good('providers:\n  a: { vendor: moonshot }\n')).providers[0]?.protocols, null)
    const [foreign] = await faultsOf(named('[openai-chat, anthropic-message]'))
    assert.match(
      foreign ?? '',
      /providers\.a\.protocols\[1\]: vendor 'moonshot' does not speak 'anthropic-message'; it speaks .*did you mean/,
    )
  })

  test('an empty one gives the defaults, and providers found in the environment', async () => {
    const config = await good('')
    assert.equal(config.server.host, '127.0.0.1')
    assert.equal(config.server.port, 4000)
    assert.equal(config.server.environment, 'production')
    assert.equal(config.server.bodyBytesMax, 32 * 1024 * 1024)
    assert.equal(config.server.uploadBytesMax, 512 * 1024 * 1024)
    assert.equal(config.server.drainDelayMs, 0)
    assert.equal(config.server.drainTimeoutMs, 30_000)
    assert.deepEqual(config.store, { file: null, postgres: null, durability: 'process' })
    assert.deepEqual(config.retention, {
      callsMs: 90 * 86_400_000,
      bodiesMs: 7 * 86_400_000,
      eventsMs: 90 * 86_400_000,
      wholeMonths: false,
    })
    assert.deepEqual(config.log, { level: 'info', bodies: false, digests: true })
    assert.deepEqual(
      config.providers.map(({ name, baseUrl, origin }) => ({ name, baseUrl, origin })),
      [{ name: 'moonshot', baseUrl: 'https://api.moonshot.example/v1', origin: 'environment' }],
    )
    assert.equal(config.providers[0]?.credentials[0]?.secret.reveal(), 'key-of-moonshot')
    assert.equal(config.providers[0]?.credentials[0]?.reference, 'env:MOONSHOT_API_KEY')
  })

  test('the command line counts more than the file', async () => {
    const overrides = { host: '::1', port: 0 }
    const text = 'server: { host: 10.0.0.1, port: 5000, environment: staging }\n'
    const loaded = await readConfig(
      { text, file: 'drover.yaml' },
      { workingFolder: folder, environment, vendors, overrides },
    )
    assert.ok(loaded.ok)
    assert.deepEqual(
      [loaded.config.server.host, loaded.config.server.port, loaded.config.server.environment],
      ['::1', 0, 'staging'],
    )
  })

  test('no file is the same, without a digest', async () => {
    const loaded = await loadConfig({ file: null, workingFolder: folder, environment, vendors })
    assert.ok(loaded.ok)
    assert.equal(loaded.config.file, null)
    assert.equal(loaded.config.digest, null)
    assert.equal(loaded.config.folder, folder)
  })

  test('providers keep what they were given', async () => {
    writeFileSync(join(folder, 'key.txt'), 'from-a-file\n')
    writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const config = await good(`
providers:
  a: { vendor: moonshot, api_keys: ["env:K1", "env:K2"], region: cn, proxy: "http://proxy:3128", ca_file: ca.pem }
  b: { vendor: moonshot, api_key: "file:key.txt", base_url: "https://x.example/v1/", headers: { X-Team: red, X-Api-Key: "env:K2" } }
  c: { vendor: azure, api_key: "env:K1", base_url: "https://y.example/openai", options: { api_version: "2026-01-01" } }
  d: { vendor: openai-compatible, base_url: "http://127.0.0.1:1/v1", allow_private: true, price: free }
  e: { vendor: moonshot }
`)
    const [a, b, c, d, e] = config.providers
    assert.deepEqual(
      a?.credentials.map((one) => one.secret.reveal()),
      ['first', 'second'],
    )
    assert.equal(a?.baseUrl, 'https://cn.moonshot.example/v1')
    assert.equal(a?.proxy?.reveal(), 'http://proxy:3128')
    assert.match(a?.certificateAuthorities ?? '', /BEGIN CERTIFICATE/)
    assert.equal(b?.baseUrl, 'https://x.example/v1')
    assert.equal(b?.credentials[0]?.secret.reveal(), 'from-a-file')
    assert.deepEqual(Object.keys(b?.headers ?? {}), ['x-team', 'x-api-key'])
    assert.equal(b?.headers['x-api-key']?.reveal(), 'second')
    assert.deepEqual(b?.secretHeaders, ['x-api-key'])
    assert.deepEqual(c?.options, { api_version: '2026-01-01' })
    assert.deepEqual(d?.credentials, [])
    assert.equal(d?.price, 'free')
    assert.equal(e?.credentials[0]?.reference, 'env:MOONSHOT_API_KEY')
  })

  test('models keep targets, deadlines and exact prices', async () => {
    const config = await good(`${local}
models:
  kimi-k2:
    aliases: [moonshotai/kimi-k2]
    targets:
      - { provider: local, model: Qwen3, weight: 9, params: strict, cost: { input: "0.000000001" } }
      - { provider: local, model: org/other, tier: 2, cost: free }
    route: { strategy: least_latency, retries: 1, hedge_after: 800ms, timeout: { connect: 250ms, total: 1h } }
    price: { input: "1.00", cached_input: "0.10", output: "123456.000000001" }
  plain: { targets: [{ provider: local, model: x }], price: free }
`)
    const [kimi, plain] = config.models
    assert.deepEqual(kimi?.aliases, ['moonshotai/kimi-k2'])
    assert.equal(kimi?.targets[0]?.params, 'strict')
    assert.equal(kimi?.targets[1]?.cost, 'free')
    assert.ok(kimi?.price !== 'free' && kimi?.price !== null)
    assert.equal(kimi?.price.rates.output, 123456_000000001n)
    assert.equal(kimi?.price.rates.reasoning, null)
    assert.deepEqual(kimi?.route, {
      strategy: 'least-latency',
      retriesMax: 1,
      hedgeAfterMs: 800,
      sticky: 'conversation',
      fallbackOn: [],
      breaker: { failuresMax: 5, restMs: 10_000 },
      timeouts: { connectMs: 250, headersMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 3_600_000 },
    })
    assert.equal(plain?.price, 'free')
    assert.equal(plain?.route.hedgeAfterMs, null)
  })

  test('anchors, aliases and merge keys are followed', async () => {
    const config = await good(`
providers:
  a: &base { vendor: moonshot, api_key: "env:K1", region: cn }
  b: { <<: *base, region: sg }
  c: *base
`)
    assert.deepEqual(
      config.providers.map((provider) => provider.region),
      ['cn', 'sg', 'cn'],
    )
  })

  test('relative paths start at the folder of the file', async () => {
    const config = await good('store: { url: "sqlite:./data/drover.db", durability: power }\n')
    assert.deepEqual(config.store, { file: join(folder, 'data/drover.db'), postgres: null, durability: 'power' })
  })

  test('the value is frozen to its leaves, and shows no secret', async () => {
    const config = await good('providers: { a: { vendor: moonshot, api_key: "env:K1" } }\n')
    assert.ok(Object.isFrozen(config.providers[0]?.credentials[0]))
    assert.ok(Object.isFrozen(config.server.trustedProxies))
    assert.ok(!JSON.stringify(config).includes('first'))
  })

  test('an address without a path is told as a warning', async () => {
    const config = await good('providers:\n  local: { vendor: openai-compatible, base_url: "http://127.0.0.1:8000" }\n')
    assert.deepEqual(
      config.warnings.map((fault) => [fault.line, fault.path]),
      [[2, 'providers.local.base_url']],
    )
  })
})

describe('a bad file', () => {
  const table: readonly (readonly [name: string, text: string, faults: readonly (string | RegExp)[]])[] = [
    ['an unknown block', 'sever: { port: 1 }\n', ["drover.yaml:1:1 sever: unknown key; did you mean 'server'?"]],
    [
      'an unknown key',
      'server:\n  host: ::1\n  prot: 4001\n',
      ["drover.yaml:3:3 server.prot: unknown key; did you mean 'port'?"],
    ],
    [
      'an unknown key that resembles none',
      'secrets: { zzzzzz: 1 }\n',
      ['drover.yaml:1:12 secrets.zzzzzz: unknown key; known here: key, refresh, vault, aws, gcp, azure'],
    ],
    [
      'a wrong type',
      'server: { port: "4000" }\n',
      ['drover.yaml:1:17 server.port: must be a whole number from 0 to 65535'],
    ],
    ['a port too high', 'server: { port: 70000 }\n', ['drover.yaml:1:17 server.port: must be 65535 or less']],
    ['a block that is a list', 'server: [1]\n', ['drover.yaml:1:9 server: must be a block of keys']],
    ['a document that is a list', '- 1\n', [/^drover.yaml:1:1: must be a block of keys/]],
    [
      'a key without value',
      'server:\n  port:\n',
      ['drover.yaml:2:3 server.port: is empty: give it a value, or remove it'],
    ],
    [
      'a duration without unit',
      'server: { drain_timeout: 30 }\n',
      [/server\.drain_timeout: needs a unit: 30 of what\? Write for example 30s/],
    ],
    ['a duration of another form', 'server: { drain_timeout: 1.5h }\n', [/must be a whole number with a unit/]],
    ['a duration too long', 'server: { drain_timeout: 2h }\n', [/must be at least 1ms and at most 1h/]],
    ['a size without unit', 'server: { body_limit: 32 }\n', [/needs a unit: 32 of what\? Write for example 32mb/]],
    [
      'a size of another form',
      'server: { body_limit: 32m }\n',
      [/must be a whole number with a unit \(b, kb, mb or gb\)/],
    ],
    [
      'a proxy that is no network',
      'server: { trusted_proxies: [10.0.0.0/33] }\n',
      ['drover.yaml:1:29 server.trusted_proxies[0]: must be an IP address or a network such as 10.0.0.0/8'],
    ],
    [
      'an enumeration',
      'store: { durability: proces }\n',
      ["drover.yaml:1:22 store.durability: must be one of process, power; did you mean 'process'?"],
    ],
    [
      'a password in the database URL',
      'store: { url: "postgres://u:p4ss@db/x" }\n',
      [/store\.url: holds a literal secret/],
    ],
    [
      'a literal key',
      'providers:\n  a:\n    vendor: moonshot\n    api_key: sk-abcdef0123456789\n',
      [/^drover.yaml:4:14 providers\.a\.api_key: holds a literal secret, which is refused: put .*"env:NAME"/],
    ],
    [
      'a literal key whose vendor has none in the environment: it is wrong, and not missing as well',
      'providers: { o: { vendor: openai-like, api_key: sk-abcdef0123456789 } }\n',
      [/providers\.o\.api_key: holds a literal secret/],
    ],
    [
      'a literal key in a header',
      'providers: { a: { vendor: moonshot, headers: { Authorization: "Bearer hidden-1" } } }\n',
      [/providers\.a\.headers\.Authorization: holds a literal secret/],
    ],
    [
      'a literal password in a proxy',
      'providers: { a: { vendor: moonshot, proxy: "http://u:hidden-1@p:1" } }\n',
      [/providers\.a\.proxy: holds a literal secret/],
    ],
    [
      'a literal key in an address',
      'providers: { a: { vendor: moonshot, base_url: "https://u:hidden-1@p/v1" } }\n',
      [/providers\.a\.base_url: holds a literal secret/],
    ],
    [
      'a variable that is not set',
      'providers:\n  a: { vendor: moonshot, api_key: "env:NOWHERE" }\n',
      [
        "drover.yaml:2:35 providers.a.api_key: names the environment variable NOWHERE (for provider 'a'), which is not set: set it, or change the reference",
      ],
    ],
    [
      'a variable that is empty',
      'providers: { a: { vendor: moonshot, api_key: "env:BLANK" } }\n',
      [/BLANK \(for provider 'a'\), which is empty/],
    ],
    [
      'a value that no header can hold',
      'providers: { a: { vendor: moonshot, api_key: "env:BROKEN" } }\n',
      [/cannot stand in a header/],
    ],
    [
      'a file that is not there',
      'providers: { a: { vendor: moonshot, api_key: "file:/nowhere/key" } }\n',
      [/names the file \/nowhere\/key \(for provider 'a'\), which cannot be read: there is no such file/],
    ],
    [
      'a vault',
      'providers: { a: { vendor: moonshot, api_key: "vault:kv/a#key" } }\n',
      [/names a secret manager \(for provider 'a'\), which cannot be asked here/],
    ],
    [
      'a reference that names nothing',
      'providers: { a: { vendor: moonshot, api_key: "env:" } }\n',
      [/names no environment variable/],
    ],
    [
      'both api_key and api_keys',
      'providers: { a: { vendor: moonshot, api_key: "env:K1", api_keys: ["env:K2"] } }\n',
      [/providers\.a\.api_keys: stands beside api_key/],
    ],
    [
      'no key at all',
      'providers:\n  a: { vendor: azure, base_url: "https://y.example/v1" }\n',
      [/drover.yaml:2:6 providers\.a: needs 'api_key', for example api_key: "env:AZURE_API_KEY"/],
    ],
    [
      'a vendor that is not known',
      'providers: { a: { vendor: monshot } }\n',
      [/'monshot' is no vendor that is known here; did you mean 'moonshot'\?/],
    ],
    [
      'no vendor',
      'providers:\n  a: { api_key: "env:K1" }\n',
      ["drover.yaml:2:3 providers.a: needs 'vendor', which is missing"],
    ],
    [
      'a vendor of this machine',
      'providers: { a: { vendor: ollama } }\n',
      [/needs 'allow_private: true', because vendor 'ollama' runs on this machine/],
    ],
    ['no address', 'providers: { a: { vendor: openai-compatible } }\n', [/providers\.a: needs 'base_url'/]],
    [
      'a region that the vendor lacks',
      'providers: { a: { vendor: moonshot, api_key: "env:K1", region: eu } }\n',
      [/has no address for this region \(it has sg, cn\)/],
    ],
    [
      'an option in the wrong place',
      'providers: { a: { vendor: azure, api_version: "1", api_key: "env:K1", base_url: "https://y.example/v1" } }\n',
      [/is an option of vendor 'azure': write it as options: \{ api_version: … \}/],
    ],
    [
      'an unknown option',
      'providers: { a: { vendor: azure, options: { api_verion: "1" }, api_key: "env:K1", base_url: "https://y.example/v1" } }\n',
      [/unknown option: vendor 'azure' has api_version; did you mean 'api_version'\?/],
    ],
    [
      'a provider name with a slash',
      'providers: { a/b: { vendor: moonshot } }\n',
      [/providers\.a\/b: must be a name for a provider/],
    ],
    [
      'money as a float',
      `${local}models: { m: { targets: [{ provider: local, model: x }], price: { input: 1.5 } } }\n`,
      [/models\.m\.price\.input: must be a decimal string, so that no digit is lost: write it in quotes, "1\.5"/],
    ],
    [
      'money with an exponent',
      `${local}models: { m: { targets: [{ provider: local, model: x }], price: { input: "1e3" } } }\n`,
      [/models\.m\.price\.input: must be a decimal of zero or more/],
    ],
    [
      'a price of another kind',
      `${local}models: { m: { targets: [{ provider: local, model: x }], price: fre } }\n`,
      [/models\.m\.price: must be free; did you mean 'free'\?/],
    ],
    [
      'an unknown key in a price',
      `${local}models: { m: { targets: [{ provider: local, model: x }], price: { inptu: "1" } } }\n`,
      [/models\.m\.price\.inptu: unknown key; did you mean 'input'\?/],
    ],
    [
      'a target of no provider',
      `${local}models:\n  m:\n    targets:\n      - { provider: local, model: x }\n      - { provider: locla, model: x }\n`,
      ["drover.yaml:7:21 models.m.targets[1].provider: there is no provider 'locla'; did you mean 'local'?"],
    ],
    ['no target', `${local}models: { m: { targets: [] } }\n`, [/models\.m\.targets: needs at least one target/]],
    [
      'an alias that is another model',
      `${local}models:\n  m: { targets: [{ provider: local, model: x }] }\n  n: { aliases: [m], targets: [{ provider: local, model: x }] }\n`,
      [/models\.n\.aliases\[0\]: 'm' already means the model 'm'/],
    ],
    [
      'a typo in a block of blocks',
      'plans: { free: { rmp: 60 } }\n',
      ["drover.yaml:1:18 plans.free.rmp: unknown key; did you mean 'rpm'?"],
    ],
    [
      'a key given twice',
      'server:\n  port: 1\n  port: 2\n',
      [/^drover.yaml:3:3: this is not sound YAML: Map keys must be unique/],
    ],
    ['broken YAML', 'server: { port: 1\n', [/this is not sound YAML/]],
    ['a tag', 'server: !secret x\n', [/this is not sound YAML: Unresolved tag/]],
    ['two documents', 'server: {}\n---\nserver: {}\n', [/this is not sound YAML/]],
    ['an alias to nothing', 'server: *a\n', [/Unresolved alias/]],
    [
      'too many aliases',
      `server: { cors: { origins: [&a [${'x,'.repeat(40)}], ${'*a,'.repeat(300)}] } }\n`,
      [/cannot be read: Excessive alias count/],
    ],
    ['a prototype', 'server: { __proto__: { port: 1 } }\n', [/server\.__proto__: unknown key/]],
    ['a short key of the server', 'secrets: { key: "env:K1" }\n', [/secrets\.key: leads to a key that is too short/]],
  ]
  for (const [name, text, expected] of table) {
    test(name, async () => {
      const faults = await faultsOf(text)
      assert.equal(faults.length, expected.length, faults.join('\n'))
      for (const [index, one] of expected.entries()) {
        if (typeof one === 'string') assert.equal(faults[index], one)
        else assert.match(faults[index] ?? '', one)
      }
      assert.ok(!faults.some((fault) => /sk-abc|hidden-1|p4ss/.test(fault)), 'a secret is shown')
    })
  }

  test('tells all faults at once, in the order of the file', async () => {
    const faults = await faultsOf(`server: { prot: 1 }
providers:
  a: { vendor: moonshot, api_key: "env:NOWHERE", regoin: cn }
  b: { vendor: moonshot, api_key: literal }
models:
  m: { targets: [{ provider: b, model: x }, { provider: c, model: x, weigth: 1 }] }
  n: { targets: [{ provider: d, model: x }] }
migrations: { folder: x }
`)
    assert.deepEqual(
      faults.map((fault) => fault.replace(/: .*/, '')),
      [
        'drover.yaml:1:11 server.prot',
        'drover.yaml:3:35 providers.a.api_key',
        'drover.yaml:3:50 providers.a.regoin',
        'drover.yaml:4:35 providers.b.api_key',
        'drover.yaml:6:70 models.m.targets[1].weigth',
        'drover.yaml:7:30 models.n.targets[0].provider',
        'drover.yaml:8:15 migrations.folder',
      ],
    )
  })

  test('a file that is not there is named with the way to make one', async () => {
    const loaded = await loadConfig({ file: 'nowhere.yaml', workingFolder: folder, environment, vendors })
    assert.ok(!loaded.ok)
    assert.match(
      loaded.faults.map(faultText).join(),
      /^nowhere\.yaml: there is no such file: create one with 'drover init'/,
    )
  })

  test('the place of the store is told even then', async () => {
    const loaded = await reading('store: { url: "sqlite:d/x.db" }\nserver: { prot: 1 }\n')
    assert.ok(!loaded.ok)
    assert.equal(loaded.storeFile, join(folder, 'd/x.db'))
  })

  test('a file that is too large is not read', async () => {
    writeFileSync(join(folder, 'large.yaml'), '#'.repeat(1024 * 1024 + 1))
    const loaded = await loadConfig({ file: 'large.yaml', workingFolder: folder, environment, vendors })
    assert.ok(!loaded.ok)
    assert.match(loaded.faults[0]?.message ?? '', /is larger than 1048576 bytes/)
  })
})
