import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Browser } from './test-browser.ts'
import { linkIn, openBrowser } from './test-browser.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'

const signedUp = async (desk: Desk, email: string, organisation: string): Promise<Browser> => {
  const browser = openBrowser(desk)
  await browser.ask('POST', '/sign-up', { email, password, organisation })
  assert.equal((await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })).status, 200)
  return browser
}

/** Providers that calls would go to by the network, and whether customers may bring a key for them. */
const providers = Object.entries({ moonshot: true, gpus: false }).map(
  ([name, ownCredentials]) =>
    ({ upstream: { vendor: { inProcess: false }, provider: { name, ownCredentials } } }) as never,
)

const open = async (context: TestContext) => {
  const routing = {
    routes: () => null,
    providers: () => providers,
    retries: () => ({ calls: 0, retries: 0, allowed: 3 }),
  }
  const desk = await openDesk(context, { routing })
  await desk.run('plans create', { name: 'free', rpm: 3, open: true })
  await desk.run('plans create', { name: 'pro', rpm: 300, open: true, own_credentials_fee: '2.5%' })
  await desk.run('plans create', { name: 'dear', rpm: 300, open: true, own_credentials_fee: '9%' })
  await desk.run('plans create', { name: 'special', rpm: 9 })
  return { desk, ana: await signedUp(desk, 'ana@example.com', 'Ana Ltd') }
}

const accountOf = async (browser: Browser): Promise<string> =>
  String((await browser.ask('GET', '/session')).json['account'])

test('what somebody signs in with stands in one answer, and their own rows of the trail, the newest first', async (context) => {
  const { desk, ana } = await open(context)
  const { json } = await ana.ask('GET', '/me')
  assert.deepEqual(
    [json['email'], json['password'], json['passkeys'], json['links'], json['totp']],
    ['ana@example.com', true, [], [], { confirmed: false, recovery_codes_left: 0 }],
  )
  assert.equal((json['sessions'] as unknown[]).length, 1)
  await ana.ask('PATCH', '/me', { name: 'Ana' })
  await ana.ask('PATCH', '/me', { name: 'Ana B' })
  await signedUp(desk, 'bo@example.com', 'Bo Ltd')
  const page = (await ana.ask('GET', '/me/trail?limit=2')).json
  const rows = page['data'] as { operation: string; after: unknown }[]
  assert.deepEqual(
    rows.map(({ operation, after }) => [operation, after]),
    [
      ['me.rename', { name: 'Ana B' }],
      ['me.rename', { name: 'Ana' }],
    ],
  )
  const rest = (await ana.ask('GET', `/me/trail?before=${page['next']}`)).json['data'] as { actor: string }[]
  assert.ok(rest.length > 0)
  assert.equal(new Set(rest.map(({ actor }) => actor)).size, 1, 'nobody else’s')
})

test('a customer changes to plans that are left to them, and to no other', async (context) => {
  const { desk, ana } = await open(context)
  const bo = await signedUp(desk, 'bo@example.com', 'Bo Ltd')
  const account = await accountOf(ana)
  const chosen = await ana.ask('POST', `/accounts/${account}/plan`, { plan: 'pro' })
  assert.deepEqual([chosen.status, chosen.json['plan']], [200, 'pro'])
  assert.equal((await ana.ask('POST', `/accounts/${account}/plan`, { plan: 'special' })).code, 'not_found')
  await desk.run('plans create', { name: 'paid', rpm: 9, upgrade_at_paid_usd: '10' })
  const refused = await ana.ask('POST', `/accounts/${account}/plan`, { plan: 'paid' })
  assert.equal(refused.code, 'permission_denied')
  assert.match(JSON.stringify(refused.json), /You may choose dear, free, pro/)
  assert.equal((await ana.ask('POST', `/accounts/${account}/plan`, { plan: 'none' })).code, 'not_found')
  assert.notEqual((await bo.ask('POST', `/accounts/${account}/plan`, { plan: 'free' })).status, 200)
  assert.equal((await desk.run('accounts set', { account, plan: 'special' }))['plan'], 'special')
})

test('a customer brings a credential where the plan allows it, for the fee of the plan and no other', async (context) => {
  const { desk, ana } = await open(context)
  const bo = await signedUp(desk, 'bo@example.com', 'Bo Ltd')
  const account = await accountOf(ana)
  const bring = async (more: object = {}) => {
    await ana.ask('POST', '/session/step-up', { action: 'credentials add', password })
    return ana.ask('POST', '/credentials', { account, provider: 'moonshot', key: 'sk-own-of-ana-0123456789', ...more })
  }
  assert.equal((await bring()).code, 'permission_denied')
  assert.equal((await ana.ask('GET', `/credentials?account=${account}`)).json['own_fee'], null)
  await ana.ask('POST', `/accounts/${account}/plan`, { plan: 'pro' })
  assert.equal((await bring({ fee: '0%' })).code, 'permission_denied')
  const made = await bring()
  assert.deepEqual([made.status, made.json['fee'], made.json['ending']], [200, '2.5%', '6789'])
  const listed = (await ana.ask('GET', `/credentials?account=${account}`)).json
  assert.deepEqual(
    [listed['own_fee'], listed['providers'], (listed['data'] as unknown[]).length],
    ['2.5%', ['moonshot'], 1],
  )
  const change = (plan: string) => ana.ask('POST', `/accounts/${account}/plan`, { plan })
  const kept = await change('dear')
  assert.equal(kept.code, 'conflict')
  assert.match(JSON.stringify(kept.json), /moonshot are charged 2\.5%; the plan 'dear' charges 9%\. Remove them/)
  assert.equal((await change('free')).code, 'conflict')
  assert.deepEqual((await bo.ask('GET', '/credentials')).json['data'], [])
  assert.notEqual((await bo.ask('DELETE', `/credentials/${account}/moonshot`)).status, 200)
  assert.equal((await ana.ask('DELETE', `/credentials/${account}/moonshot`)).status, 200)
  assert.equal((await desk.store.ownCredentials({ limit: 9, after: null, account })).length, 0)
  assert.equal((await change('dear')).status, 200)
  assert.equal((await bring()).json['fee'], '9%')
})

test('a customer brings none for machines that ask for no key, and says of none where its tokens come from', async (context) => {
  const { desk, ana } = await open(context)
  const account = await accountOf(ana)
  await ana.ask('POST', `/accounts/${account}/plan`, { plan: 'pro' })
  const bring = async (provider: string, key: string) => {
    await ana.ask('POST', '/session/step-up', { action: 'credentials add', password })
    return ana.ask('POST', '/credentials', { account, provider, key })
  }
  const refused = await bring('gpus', 'whatever-word')
  assert.deepEqual(
    [refused.code, /gpus' that takes a key\. There are: moonshot/.test(JSON.stringify(refused.json))],
    ['not_found', true],
  )
  await desk.run('credentials add', { account, provider: 'gpus', key: 'whatever-word' })
  const robot = (tokenUrl: string) =>
    JSON.stringify({ client_email: 'robot@example.com', private_key: 'pem', token_uri: tokenUrl })
  const elsewhere = await bring('moonshot', robot('https://intranet.example/token'))
  assert.deepEqual([elsewhere.status, elsewhere.code], [400, 'invalid_request_error'])
  assert.equal((await bring('moonshot', robot('https://oauth2.googleapis.com/token'))).status, 200)
})

test('somebody makes another organisation, owns it, acts for it at once, and is given no second credit', async (context) => {
  const { desk, ana } = await open(context)
  const first = await accountOf(ana)
  const made = await ana.ask('POST', '/organisations', { name: 'Ana Labs' })
  assert.equal(made.status, 200, JSON.stringify(made.json))
  const organisations = made.json['organisations'] as { name: string; role: string }[]
  assert.deepEqual(organisations.map(({ name, role }) => [name, role]).sort(), [
    ['Ana Labs', 'owner'],
    ['Ana Ltd', 'owner'],
  ])
  const second = String(made.json['account'])
  assert.notEqual(second, first)
  assert.equal((await desk.run('credits balance', { account: second }))['balance_usd'], '0.00')
  assert.equal((await ana.ask('GET', `/billing/${first}`)).code, 'not_found', 'one at a time')
  assert.equal((await ana.ask('POST', '/organisations', { name: 'Ana Ltd' })).code, 'conflict')
  assert.equal((await openBrowser(desk).ask('POST', '/organisations', { name: 'x' })).status, 401)
})
