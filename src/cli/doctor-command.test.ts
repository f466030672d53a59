import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Finding } from './doctor/check.ts'
import { checkMemory, checkOpenFiles, checkUser } from './doctor/host.ts'
import { checkClock, checkDataFolder, checkNode } from './doctor/machine.ts'
import { checkReadiness, checkVersion } from './doctor/running.ts'
import type { CheckRequest, CommandLinePorts } from './ports.ts'
import { startTestServer } from './test-server.ts'
import { testShell } from './test-shell.ts'

type Report = { readonly ok: boolean; readonly checks: readonly Finding[] }

const environment = { MOONSHOT_API_KEY: 'secret-of-moonshot' }
const port0 = 'server: { port: 0 }\n'

/** Runs doctor in a fresh folder with this file. */
const examine = async (text: string, ports: Partial<CommandLinePorts> = {}, flags = '') => {
  const shell = testShell({ environment, ...ports })
  try {
    writeFileSync(join(shell.folder, 'drover.yaml'), text)
    const { code, out, talk } = await shell.run(`doctor --json ${flags}`)
    const report = JSON.parse(out) as Report
    assert.equal(code, report.ok ? 0 : 1, talk)
    assert.ok(!out.includes('secret-of-moonshot'))
    for (const { verdict, mend } of report.checks)
      assert.equal(mend !== null, verdict === 'fail' || verdict === 'warn', 'what is wrong says how to mend it')
    const find = (id: string): Finding => {
      const found = report.checks.find((one) => one.id === id)
      assert.ok(found !== undefined, `no check ${id}`)
      return found
    }
    return { ...report, find }
  } finally {
    shell.close()
  }
}

test('a sound machine and file pass', async () => {
  const { ok, checks, find } = await examine(port0)
  assert.equal(ok, true)
  assert.deepEqual(
    checks.filter(({ verdict }) => verdict !== 'ok'),
    [],
  )
  assert.match(find('provider:moonshot').detail, /answered 200 with env:MOONSHOT_API_KEY/)
})

test('there are thirty checks and more, each with an id of its own, and what is wrong says how to mend it', async () => {
  const { checks } = await examine(port0)
  assert.ok(checks.length >= 30, String(checks.length))
  assert.equal(new Set(checks.map(({ id }) => id)).size, checks.length)
})

const posture: readonly (readonly [id: string, verdict: string, text: string, detail: RegExp])[] = [
  ['public-url', 'warn', 'server: { port: 0, host: 0.0.0.0 }\n', /not set/],
  ['public-url', 'warn', 'server: { port: 0, public_url: "http://relay.example.com" }\n', /not encrypted/],
  ['admin-listener', 'warn', 'server: { port: 0, admin: { host: 0.0.0.0, port: 1 } }\n', /without TLS/],
  ['trusted-proxies', 'fail', 'server: { port: 0, trusted_proxies: ["0.0.0.0/0"] }\n', /anybody can say/],
  ['cors', 'warn', 'server: { port: 0, cors: { origins: ["*"] } }\n', /any origin/],
  ['workers', 'warn', 'server: { port: 0, workers: 64 }\n', /64 on \d+ processors/],
  ['host', 'warn', 'server: { port: 0, host: relay.example.com }\n', /looked up/],
  [
    'upstream-tls',
    'fail',
    `${port0}providers: { a: { vendor: moonshot, base_url: "http://api.example.com/v1", api_key: "env:MOONSHOT_API_KEY" } }\n`,
    /a \(http:/,
  ],
  [
    'private-addresses',
    'warn',
    `${port0}providers: { a: { vendor: moonshot, allow_private: true, api_key: "env:MOONSHOT_API_KEY" } }\n`,
    /a may reach the own network/,
  ],
  [
    'regions',
    'warn',
    `${port0}regions: { default_allowed: [eu] }\nproviders: { a: { vendor: moonshot, base_url: "https://x.example.com/v1", api_key: "env:MOONSHOT_API_KEY" } }\n`,
    /a says no region/,
  ],
  ['retention', 'warn', `${port0}retention: { calls: 7d, bodies: 1d }\n`, /7 days/],
  ['bodies', 'warn', `${port0}log: { bodies: true }\nretention: { calls: 90d, bodies: 60d }\n`, /60 days/],
  ['sign-up', 'fail', `${port0}signup: { open: true }\n`, /no letter can be sent/],
  ['sign-up', 'warn', `${port0}signup: { open: true, verify_mail: false }\n`, /nobody confirms a mail address/],
  ['alerts', 'warn', 'server: { port: 0, host: 0.0.0.0 }\n', /nobody is told/],
]

test('what a configuration means for safety is said, with the way to mend it', async () => {
  for (const [id, verdict, text, detail] of posture) {
    const found = (await examine(text, {}, '--offline')).find(id)
    assert.deepEqual([id, found.verdict], [id, verdict])
    assert.match(found.detail, detail)
  }
})

test('a proxy that the environment names and nobody uses is told of, and so is a secret manager that is away', async () => {
  const proxied = await examine(
    port0,
    { environment: { ...environment, HTTPS_PROXY: 'http://proxy:3128' } },
    '--offline',
  )
  assert.match(proxied.find('proxy').detail, /HTTPS_PROXY is set, and Drover does not go by it: moonshot/)
})

test('users, memory, open files and versions are judged by what is known of them', () => {
  const open = { server: { host: '0.0.0.0' } } as Parameters<typeof checkUser>[1]
  assert.deepEqual(
    [checkUser(0, open).verdict, checkUser(1000, open).verdict, checkUser(null, open).verdict],
    ['warn', 'ok', 'ok'],
  )
  assert.deepEqual([checkMemory(100 * 1024 ** 2).verdict, checkMemory(1024 ** 3).verdict], ['warn', 'ok'])
  const limits = (hard: string) =>
    `Limit  Soft  Hard  Units\nMax open files            1024                 ${hard}               files\n`
  assert.deepEqual(
    [limits('1024'), limits('65536'), limits('unlimited'), null].map((text) => checkOpenFiles(text).verdict),
    ['warn', 'ok', 'ok', 'ok'],
  )
  const running = { version: '2.0.0', ready: true, words: ['a restart is needed for retention'] }
  assert.deepEqual([checkVersion(running, '1.0.0').verdict, checkVersion(null, '1.0.0').verdict], ['warn', 'ok'])
  assert.match(checkReadiness(running).detail, /restart is needed/)
  assert.equal(checkReadiness({ ...running, words: [] }).verdict, 'ok')
})

const nodes =
  'store: { url: "env:STORE_URL" }\nsecrets: { key: "env:SECRET_KEY" }\ncluster: { redis: "redis://r:6379" }\n'
const nodesEnvironment = { ...environment, STORE_URL: 'postgres://drover@db/x', SECRET_KEY: 'k'.repeat(40) }

test('the Redis that limits are counted in is asked, and what it would forget is warned of', async () => {
  const of = async (askRedis: CommandLinePorts['askRedis']) =>
    (await examine(`${port0}${nodes}`, { environment: nodesEnvironment, askRedis })).find('redis')
  const facts = { server: 'Redis 7.0.15', whenFull: 'noeviction', tripMs: 0.8 }
  assert.deepEqual(await of(async () => facts), {
    id: 'redis',
    title: 'Redis',
    verdict: 'ok',
    detail: 'Redis 7.0.15 at r:6379 counts, in 0.8 ms',
    mend: null,
  })
  const forgetful = await of(async () => ({ ...facts, whenFull: 'allkeys-lru' }))
  assert.equal(forgetful.verdict, 'warn')
  assert.match(forgetful.detail, /allkeys-lru/)
  const slow = await of(async () => ({ ...facts, tripMs: 90 }))
  assert.equal(slow.verdict, 'warn')
  const away = await of(async () => {
    throw new Error('WRONGPASS invalid username-password pair')
  })
  assert.equal(away.verdict, 'fail')
  assert.match(away.detail, /r:6379 does not count: WRONGPASS/)
})

test('an issuer is asked who it is, and what it signs with', async () => {
  const issuers = `${port0}identity: { oidc: [{ name: corp, issuer: "https://id.example", client_id: x, client_secret: "env:MOONSHOT_API_KEY" }] }\n`
  const of = async (askIssuer: CommandLinePorts['askIssuer']) =>
    (await examine(issuers, { askIssuer })).find('issuer:corp')
  assert.equal((await of(async () => ({ algorithms: null }))).verdict, 'ok')
  assert.equal((await of(async () => ({ algorithms: ['ES256', 'RS256'] }))).verdict, 'ok')
  const other = await of(async () => ({ algorithms: ['ES256'] }))
  assert.equal(other.verdict, 'fail')
  assert.match(other.detail, /signs tokens with ES256, and not with RS256/)
  const away = await of(async () => {
    throw new Error('issuer is another one')
  })
  assert.match(away.detail, /nobody can sign in with https:\/\/id\.example.*: issuer is another one/)
  const { checks } = await examine(issuers, { askIssuer: () => assert.fail('nobody is asked') }, '--offline')
  assert.ok(checks.every(({ id }) => id !== 'issuer:corp'))
})

test('for a person each check is a line, with the way to mend it below', async () => {
  const { run, folder, close } = testShell({ environment })
  try {
    writeFileSync(join(folder, 'drover.yaml'), 'server: { prot: 1 }\n')
    const { code, out, talk } = await run('doctor')
    assert.equal(code, 1)
    assert.match(out, /^ok {4}Node +version 26\.10\.0$/m)
    assert.match(
      out,
      /^FAIL {2}Configuration +drover\.yaml:1:11 server\.prot: unknown key; did you mean 'port'\?\n +-> /m,
    )
    assert.match(talk, /1 of \d+ checks failed/)
  } finally {
    close()
  }
})

describe('providers', () => {
  const table: readonly (readonly [status: number, verdict: string, mend: RegExp])[] = [
    [401, 'fail', /refuses the key\..*regions \(sg, cn\) have keys of their own.*https:\/\/moonshot\.example\/keys/],
    [403, 'fail', /refuses the key/],
    [404, 'warn', /version segment/],
    [429, 'warn', /limit or credit/],
    [500, 'warn', /Try again later/],
  ]
  for (const [status, verdict, mend] of table) {
    test(`an answer of ${status}`, async () => {
      const { find } = await examine(port0, { checkProvider: async () => ({ status, headers: {} }) })
      assert.equal(find('provider:moonshot').verdict, verdict)
      assert.match(find('provider:moonshot').mend ?? '', mend)
    })
  }

  test('each credential is tried at the address, and none is printed', async () => {
    const asked: CheckRequest[] = []
    await examine(
      `${port0}providers: { a: { vendor: moonshot, api_keys: ["env:MOONSHOT_API_KEY", "env:MOONSHOT_API_KEY"], region: cn, headers: { x-team: red } } }\n`,
      {
        checkProvider: async (request) => {
          asked.push(request)
          return { status: 200, headers: {} }
        },
      },
    )
    assert.equal(asked.length, 2)
    assert.equal(asked[0]?.url.href, 'https://cn.example/v1/models')
    assert.equal(asked[0]?.headers['authorization'], 'Bearer secret-of-moonshot')
    assert.equal(asked[0]?.headers['x-team'], 'red')
  })

  test('one that cannot be reached says why', async () => {
    const refused = new Problem('upstream_error', { message: 'The name api.moonshot.example is not known.' })
    const { find } = await examine(port0, { checkProvider: () => Promise.reject(refused) })
    assert.equal(find('provider:moonshot').verdict, 'fail')
    assert.match(find('provider:moonshot').detail, /is not known/)
  })

  test('a clock that differs from the provider’s is told', async () => {
    const date = new Date(Date.UTC(2026, 10, 22, 17)).toUTCString()
    const { find } = await examine(port0, { checkProvider: async () => ({ status: 200, headers: { date } }) })
    assert.equal(find('provider:moonshot').verdict, 'warn')
    assert.match(find('provider:moonshot').detail, /differs from ours by -3600 s/)
  })

  test('none at all, and --offline', async () => {
    assert.equal((await examine(port0, { environment: {} })).find('providers').verdict, 'warn')
    const offline = await examine(port0, { checkProvider: () => assert.fail('was called') }, '--offline')
    assert.ok(!offline.checks.some(({ id }) => id.startsWith('provider')))
  })
})

describe('configuration', () => {
  test('every fault is a check that failed', async () => {
    const { ok, checks } = await examine(
      'server: { prot: 1 }\nproviders: { a: { vendor: openai, api_key: "env:X" } }\n',
    )
    assert.equal(ok, false)
    assert.equal(checks.filter(({ id, verdict }) => id === 'config' && verdict === 'fail').length, 2)
  })

  test('an open address without TLS is told', async () => {
    assert.equal((await examine('server: { port: 0, host: 0.0.0.0 }\n')).find('exposure').verdict, 'warn')
    const proxied = 'server: { port: 0, host: 0.0.0.0, trusted_proxies: [10.0.0.0/8] }\n'
    assert.equal((await examine(proxied)).find('exposure').verdict, 'ok')
  })

  test('holidays that prices go by are told of before their calendar ends, and after', async () => {
    const text = `${port0}providers: { a: { vendor: moonshot } }\n`
    const calendar = { name: 'cn', title: 'Public holidays', assumedThrough: '2027-12-31', vendors: ['moonshot'] }
    const at = async (through: string) =>
      (await examine(text, { calendarsOf: async () => [{ ...calendar, through }] })).find('calendar:cn')
    assert.equal((await at('2099-12-31')).verdict, 'ok')
    const past = await at('2020-12-31')
    assert.equal(past.verdict, 'warn')
    assert.match(
      past.detail,
      /hours of moonshot are priced beyond the end of the calendar.*any other day counts as no holiday/,
    )
  })

  test('models that end are named with their successors', async () => {
    const text = `${port0}providers: { a: { vendor: moonshot } }\nmodels:\n  old: { targets: [{ provider: a, model: gone }] }\n  next: { targets: [{ provider: a, model: going }] }\n`
    const { find } = await examine(text, {
      retirementOf: async (_vendor, model) => ({ on: '2026-05-25', isPast: model === 'gone', successor: 'new' }),
    })
    assert.equal(find('model:old').verdict, 'fail')
    assert.match(find('model:old').detail, /a\/gone was switched off on 2026-05-25/)
    assert.equal(find('model:next').verdict, 'warn')
    assert.match(find('model:next').mend ?? '', /'new'/)
  })
})

describe('the machine', () => {
  test('a port in use is told, unless it is our own server', async () => {
    const other = createServer()
    const { promise, resolve } = Promise.withResolvers<void>()
    other.listen(0, '127.0.0.1', resolve)
    await promise
    try {
      const { port } = other.address() as AddressInfo
      const { find } = await examine(`server: { port: ${port} }\n`)
      assert.equal(find('port').verdict, 'fail')
      assert.match(find('port').mend ?? '', new RegExp(`sport = :${port}`))
    } finally {
      other.close()
    }
  })

  test('a server that runs, and a lock that was left behind', async () => {
    const shell = testShell({ environment })
    const server = await startTestServer(shell.admin, 'x')
    try {
      mkdirSync(join(shell.folder, 'data'))
      writeFileSync(join(shell.folder, 'data', 'lock'), JSON.stringify({ pid: 7, url: server.url, token: 'x' }), {
        mode: 0o600,
      })
      writeFileSync(join(shell.folder, 'drover.yaml'), `server: { port: ${new URL(server.url).port} }\n`)
      const running = JSON.parse((await shell.run('doctor --json')).out) as Report
      assert.match(running.checks.find(({ id }) => id === 'lock')?.detail ?? '', /runs at .*, process 7/)
      assert.equal(running.checks.find(({ id }) => id === 'port')?.verdict, 'ok')
      await server.close()
      const left = JSON.parse((await shell.run('doctor --json')).out) as Report
      assert.equal(left.checks.find(({ id }) => id === 'lock')?.verdict, 'warn')
    } finally {
      await server.close()
      shell.close()
    }
  })

  test('secret files that others may read are told', async () => {
    const { run, folder, close } = testShell({ environment })
    try {
      mkdirSync(join(folder, 'data'))
      writeFileSync(join(folder, 'data', 'secret.key'), 'x')
      chmodSync(join(folder, 'data', 'secret.key'), 0o644)
      const { checks } = JSON.parse((await run('doctor --json --offline')).out) as Report
      const finding = checks.find(({ id }) => id === 'permissions')
      assert.equal(finding?.verdict, 'fail')
      assert.match(finding?.mend ?? '', /^chmod 600 .*secret\.key$/)
    } finally {
      close()
    }
  })

  test('old Nodes, wrong clocks, folders that are files', async () => {
    assert.equal(checkNode('24.18.1').verdict, 'ok')
    assert.equal(checkNode('26.0.0').verdict, 'ok')
    for (const version of ['24.18.0', '20.19.0', '24.9.9']) assert.equal(checkNode(version).verdict, 'fail', version)
    assert.equal(checkClock(0).verdict, 'fail')
    assert.equal(checkClock(Date.UTC(2026, 11, 1)).verdict, 'ok')
    const { folder, close } = testShell()
    try {
      writeFileSync(join(folder, 'file'), '')
      assert.equal((await checkDataFolder(join(folder, 'file'))).verdict, 'fail')
      assert.match((await checkDataFolder(join(folder, 'new/deep'))).detail, /will be made/)
      assert.equal((await checkDataFolder(join(folder, 'file/below'))).verdict, 'fail')
      if (process.platform === 'linux') assert.equal((await checkDataFolder('/proc/nowhere')).verdict, 'fail')
    } finally {
      close()
    }
  })
})

test('what was applied is looked at as what the file declares, and what does not hold of it is told', async () => {
  const target = (provider: string, model: string) => ({ targets: [{ provider, model }] })
  const provider = (name: string) => ({
    ...{ name, vendor: 'openai', baseUrl: `https://${name}.example/v1`, credentials: [], headers: {} },
    ...{ allowPrivate: false, region: null, proxy: null },
  })
  const stored = {
    providers: [provider('rented'), provider('moonshot')],
    models: [
      { id: 'old', ...target('rented', 'gone') },
      { id: 'stray', ...target('nobody', 'm') },
    ],
    leftOut: [{ kind: 'provider', name: 'sealed', why: null }],
    lost: [{ migration: 'move', says: 'match.keys: "nobody-*" fits nothing.' }],
  }
  const asked: string[] = []
  const { find } = await examine(port0, {
    storedSettings: async () => stored as unknown as Awaited<ReturnType<CommandLinePorts['storedSettings']>>,
    checkProvider: async ({ provider: { name } }) => {
      asked.push(name)
      return { status: name === 'rented' ? 401 : 200, headers: {} }
    },
    retirementOf: async (_vendor, model) =>
      model === 'gone' ? { on: '2026-05-25', isPast: true, successor: 'new' } : null,
  })
  assert.deepEqual(asked.sort(), ['moonshot', 'rented'], 'of two of one name that of drover.yaml')
  const verdicts = [
    'applied',
    'provider:rented',
    'model:old',
    'applied:model:stray',
    'applied:provider:sealed',
    'migration:move:1',
  ]
  assert.deepEqual(
    verdicts.map((id) => find(id).verdict),
    ['warn', 'fail', 'fail', 'fail', 'fail', 'warn'],
  )
  assert.match(find('applied').detail, /provider moonshot/)
  const away = await examine(port0, {
    storedSettings: () => Promise.reject(new Problem('store_unavailable', { message: 'It is away.' })),
  })
  assert.deepEqual([away.find('applied').verdict, away.ok], ['warn', true])
  const kept = { ...environment, STORE_URL: 'postgres://drover@db/x', SECRET_KEY: 'k'.repeat(40) }
  const unasked = { environment: kept, storedSettings: () => assert.fail('was asked') }
  assert.equal((await examine(`${port0}${nodes}`, unasked, '--offline')).find('applied').verdict, 'skip')
})
