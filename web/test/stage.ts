/** What the console is tried on: a relay with customers, keys, credit, and two days of calls; on Postgres where the suites run there. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Browser } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import type { Relay } from '../../test/e2e/harness.ts'
import { adminKey, startRelay } from '../../test/e2e/harness.ts'
import { isOnPostgres, movedToPostgres } from '../../test/e2e/on-postgres.ts'
import { stream, whole } from '../../test/fake/answer.ts'
import type { FakeUpstream, Script } from '../../test/fake/upstream.ts'
import { startUpstream } from '../../test/fake/upstream.ts'
import type { Caller } from '../../test/load/fill-store.ts'
import { fillStore } from '../../test/load/fill-store.ts'
import type { Login } from './browser.ts'
import { startBrowser } from './browser.ts'

export type Stage = {
  readonly url: string
  readonly relay: Relay
  readonly upstream: FakeUpstream
  /** Who owns the customer acme, and signs in with a password. */
  readonly customer: Login
  /** Asks the admin API as the operator. */
  readonly ask: (path: string, body?: unknown) => Promise<Readonly<Record<string, unknown>>>
  readonly close: () => Promise<void>
}

const hourMs = 3_600_000
/** A browser, and other stages, may start beside it. */
const startWithinMs = 240_000
const migrationTurns = 60
const calls = 9_000
const providers = ['moonshot', 'openai', 'zhipu', 'deepseek'] as const
/** What is sold, and what a million tokens of input, of cached input and of output cost here. */
const models = [
  ['kimi-k2', '0.85', '0.14', '3.60'],
  ['gpt-4.1', '1.80', '0.45', '7.20'],
  ['glm-5.2', '1.26', '0.23', '3.96'],
  ['deepseek-chat', '0.25', '0.025', '0.38'],
  ['kimi-k2-thinking', '0.54', '0.13', '2.25'],
  ['gpt-4.1-mini', '0.36', '0.09', '1.44'],
  ['glm-5.3-flash', '0.13', '0.03', '0.45'],
  ['deepseek-reasoner', '0.25', '0.025', '0.38'],
  ['moonshot-v1-128k', '1.80', '1.80', '4.50'],
  ['o4-mini', '0.99', '0.24', '3.96'],
  ['glm-5', '0.90', '0.18', '2.88'],
  ['deepseek-v4-flash', '0.13', '0.002', '0.54'],
] as const
const customers = ['acme', 'globex', 'initech', 'umbrella'] as const

const configFor = (baseUrl: string): string => `server: { overload: { loop_delay: 1m } }
providers:
${providers.map((name) => `  ${name}: { vendor: ${name}, base_url: "${baseUrl}", allow_private: true, own_credentials: true, api_key: "env:FAKE_KEY" }`).join('\n')}
models:
${models.map(([name, input, cached, output], index) => `  ${name}: { targets: [ { provider: ${providers[index % 4]}, model: ${name}, weight: 9 }, ${index % 4 === 0 ? `{ provider: ${providers[(index + 2) % 4]}, model: ${name}, weight: 3 }, ` : ''}{ provider: ${providers[(index + 1) % 4]}, model: ${name}, tier: 2 } ], price: { input: "${input}", cached_input: "${cached}", output: "${output}" } }`).join('\n')}
plans:
  free: { rpm: 60, tpm: 200000, concurrency: 4, signup_credit: "5.00", signup_credit_expires: 30d }
  pro: { rpm: 5000, tpm: 4000000, concurrency: 200, upgrade_at_paid_usd: "100", open: true, own_credentials_fee: "5%" }
  team: { rpm: 600, tpm: 1000000, concurrency: 40, open: true }
settlement: { CNY: [{ rate: "7.2", from: 2026-01-01 }] }
payments: { manual: { instructions: "Bank of Examples, IBAN XX00 0000 0000 0000", currencies: [USD, CNY] } }
seller: { name: "Drover Example Ltd", address: "1 Long Road, Exampletown", tax_id: "XX123456789", invoice_prefix: "INV" }
public: { pricing: true, status: true }
log: { bodies: true }
limits:
  kimi: { per: account, rpm: 6000, tpm: 9000000, for: { models: [kimi-k2] } }
guardrails:
  cards: { when: both, find: [card, iban], action: redact }
  secrets: { when: request, find: [secret], action: block }
signup: { open: true, plan: free, verify_mail: false }
recipients:
  hook: { webhook: "${new URL('/hook', baseUrl).href}", secret: "env:HOOK_SECRET", allow_private: true }
  chat: { slack: "env:CHAT_URL", allow_private: true }
alerts:
  - { event: budget_threshold, notify: [hook, chat] }
  - { event: error_rate, above: "1%", notify: [hook] }
  - { event: credit_expiring, below: 7d, notify: [chat] }
  - { event: balance_low, below: "25", notify: [hook] }
  - { event: overhead_p99, above: 50ms, notify: [hook] }
`

const migration = `migration: gpt-to-kimi
match: { models: [gpt-4.1-mini] }
baseline: { route: openai/gpt-4.1-mini }
candidate: { route: moonshot/kimi-k2.6, param_policy: shim }
steps:
  - { set_weight: 25, pause: { duration: 24h } }
  - { set_weight: 50, pause: { duration: 24h } }
  - { set_weight: 100, bake: { duration: 24h } }
analysis:
  metrics:
    - { name: error-rate, relative: { max_ratio: 1.5 }, critical: true }
    - { name: ttft-p99, threshold_range: { max_ms: 500, basis: delta_over_baseline }, relative: { max_ratio: 1.2 } }
    - { name: completion-tokens, relative: { max_ratio: 1.25, min_ratio: 0.6 }, on_fail: pause }
`

const words = 'A relay passes the call on, counts what was used, and answers in the same words as the provider did.'

type Asked = { readonly model?: string; readonly stream?: boolean }

/** Every provider says the same sentence; the first time that it is asked this, one of them has no room, and the next is asked. */
const answering = (): Script => {
  let hasRefused = false
  return (exchange) => {
    if (hasRefused || !exchange.seen.body.includes(refusedOnce)) return answer(exchange)
    hasRefused = true
    return whole({ error: { message: 'overloaded', type: 'overloaded_error' } }, { status: 503 })(exchange)
  }
}
const refusedOnce = 'Question 2'

/** As a stream where one was asked for. */
const answer: Script = (exchange) => {
  const asked = JSON.parse(exchange.seen.body.toString() || '{}') as Asked
  const usage = { prompt_tokens: 42, completion_tokens: 21, total_tokens: 63 }
  const base = { id: 'chatcmpl-1', created: 1, model: asked.model }
  if (asked.stream !== true) {
    const message = { role: 'assistant', content: words }
    return whole({
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    })(exchange)
  }
  const chunk = (delta: object, finish: string | null, more: object = {}): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`
  const pieces = words.split(' ').map((word) => chunk({ content: `${word} ` }, null))
  const last = `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\n`
  return stream([...pieces, chunk({}, 'stop'), last, 'data: [DONE]\n\n'])(exchange)
}

/** What is said of a refusal is the test's failure. */
const asker =
  (url: string): Stage['ask'] =>
  async (path, body) => {
    const answer = await call(url, { path: `/api/v1${path}`, key: adminKey, ...(body === undefined ? {} : { body }) })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`)
    return JSON.parse(answer.text) as Readonly<Record<string, unknown>>
  }

const textOf = (value: unknown): string => String(value)

/** Credit that was ordered and transferred; gives the order. */
async function paid(
  ask: Stage['ask'],
  account: string,
  wish: { readonly usd: string; readonly currency: string },
): Promise<string> {
  const order = await ask('/payments', { account, method: 'manual', ...wish })
  const transfer = {
    amount: order['pay'],
    currency: order['currency'],
    reference: `bank of ${account}, ${order['id']}`,
  }
  await ask(`/payments/${order['id']}/confirm`, transfer)
  return textOf(order['id'])
}

/** Customers with credit, keys of each kind, and what the calls are booked on. */
async function settle(ask: Stage['ask'], file: () => string): Promise<Caller[]> {
  const callers: Caller[] = []
  for (const [index, name] of customers.entries()) {
    const account = await ask('/accounts', { name, billing: 'prepaid', plan: index === 0 ? 'pro' : 'free' })
    if (index === 0) await paid(ask, name, { usd: '500.00', currency: 'CNY' })
    else await ask('/credits', { account: name, usd: '500.00', kind: 'paid' })
    await ask('/credits', { account: name, usd: '25.00', kind: 'promo', expires: '30d' })
    const database = new DatabaseSync(file())
    const lot = database.prepare("select id from lot where account = ? and kind = 'paid'").get(textOf(account['id']))
    database.close()
    for (const [use, limits] of [
      ['production', { rpm: 600, budget: '200.00', budget_period: 'month' }],
      ['batch-jobs', { models: ['kimi-k2', 'deepseek-chat'], expires: '90d' }],
    ] as const) {
      const key = await ask('/keys', { name: `${name}-${use}`, account: name, ...limits })
      callers.push({
        key: textOf(key['id']),
        account: textOf(account['id']),
        organisation: textOf(key['organisation']),
        project: null,
        member: null,
        lot: textOf(lot?.['id']),
      })
    }
  }
  await ask('/keys', { name: 'ci-sandbox', test: true })
  await ask('/keys', { name: 'grafana', admin: true, role: 'viewer' })
  return callers
}

const tables = JSON.stringify({
  'gpt-4.1': {
    litellm_provider: 'openai',
    mode: 'chat',
    input_cost_per_token: 1.8e-6,
    output_cost_per_token: 8e-6,
  },
})

/** Two fapiao of acme: one that was issued, and one that waits. */
async function invoiced(ask: Stage['ask']): Promise<void> {
  const title = '示例科技有限公司'
  await ask('/fapiao/titles/acme', { name: title, tax_id: '91110108MA01ABCDEF', mail: 'ap@acme.example' })
  const wish = { account: 'acme', title, kind: 'special' }
  const { id } = await ask('/fapiao', { ...wish, amount: '24.00' })
  const file = Buffer.from('%PDF-1.7 of the stage').toString('base64')
  await ask(`/fapiao/${id}/issue`, { number: '26112000000012345678', file })
  await ask('/fapiao', { ...wish, amount: '12.60' })
}

/** What the pages about people, budgets and prices have to show; gives who owns acme. */
async function furnish(url: string, ask: Stage['ask']): Promise<Login> {
  const login = { email: 'ana@acme.example', password: 'correct horse battery' }
  const { link } = await ask('/members/invitations', { account: 'acme', email: login.email, role: 'owner' })
  const answer = await call(url, {
    path: '/api/v1/invitation',
    key: null,
    body: { token: new URL(textOf(link)).hash.slice(1), password: login.password, name: 'Ana' },
  })
  if (answer.status >= 300) throw new Error(answer.text)
  await ask('/members', { account: 'acme', mail: 'bo@acme.example', role: 'billing' })
  await ask('/members/invitations', { account: 'acme', email: 'chen@acme.example', role: 'developer' })
  await ask('/projects', { account: 'acme', name: 'search', regions: ['eu'] })
  await ask('/budgets', { account: 'acme', usd: '400.00', period: 'month' })
  await ask('/budgets', { account: 'acme', project: 'search', usd: '25.00', period: 'day' })
  await ask('/credentials', { account: 'acme', provider: 'openai', key: 'sk-own-of-acme-0123456789', fee: '5%' })
  await ask('/prices/import', { content: tables, format: 'litellm' })
  await paid(ask, 'globex', { usd: '100.00', currency: 'USD' })
  const order = await paid(ask, 'acme', { usd: '250.00', currency: 'USD' })
  await ask('/payments', { account: 'acme', usd: '50.00', method: 'manual', currency: 'USD' })
  await ask(`/payments/${order}/refund-request`, { reason: 'Ordered twice by mistake: once is enough.' })
  await invoiced(ask)
  await ask('/budgets', { account: 'umbrella', usd: '0.01', period: 'day', thresholds: [1, 80] })
  const { key } = await ask('/keys', { name: 'umbrella-live', account: 'umbrella' })
  const body = { model: 'kimi-k2', max_tokens: 50, messages: [{ role: 'user', content: 'What is it worth?' }] }
  for (let turn = 0; turn < 2; turn += 1) await call(url, { key: textOf(key), body })
  return login
}

/** A few calls that run through the relay as it is now: answered, repeated at another provider, refused. */
async function play(url: string, ask: Stage['ask']): Promise<void> {
  const { key } = await ask('/keys', { name: 'acme-live', account: 'acme' })
  const bodies = models.slice(0, 6).map(([model], index) => ({
    model,
    stream: index % 2 === 0,
    messages: [{ role: 'user', content: `Question ${index}` }],
  }))
  for (const body of bodies) await call(url, { key: textOf(key), body })
  for (let turn = 0; turn < migrationTurns; turn += 1) {
    const body = { model: 'gpt-4.1-mini', stream: true, messages: [{ role: 'user', content: `Turn ${turn}` }] }
    await call(url, { key: textOf(key), body, headers: { 'x-session-id': `session-${turn}` } })
  }
  await call(url, { key: textOf(key), body: { model: 'no-such-model', messages: [] } })
}

/** Starts it all. `folder` keeps the store of an earlier stage. */
export async function startStage(port?: number): Promise<Stage> {
  const upstream = await startUpstream()
  upstream.answer(answering())
  const config = configFor(upstream.baseUrl)
  // Nobody listens at the chat's address: what is told there is given up in time.
  const env = {
    FAKE_KEY: 'sk-none',
    HOOK_SECRET: 'a secret of the stage, long enough',
    CHAT_URL: 'http://127.0.0.1:9/',
  }
  const flags = port === undefined ? {} : { flags: ['--port', String(port)] }
  // It is filled as a file: what is moved from there is what a relay has made itself.
  const embedded = isOnPostgres() ? 'store: { url: "sqlite:./data/drover.db" }\n' : ''
  const first = await startRelay({ config: `${config}${embedded}`, env, startWithinMs })
  const file = join(first.data, 'drover.db')
  const callers = await settle(asker(first.url), () => file)
  await first.stop()
  const untilMs = Date.now() - 60_000
  const fromMs = untilMs - 46 * hourMs
  await fillStore({
    file,
    callers,
    calls,
    fromMs,
    untilMs,
    seed: 7,
    names: { models: models.map(([model]) => model), providers },
    progress: () => {},
  })
  const moved = await movedToPostgres(first.data)
  const relay = await startRelay({
    config: `${config}${moved?.config ?? ''}`,
    folder: first.folder,
    env: { ...env, ...moved?.env },
    startWithinMs,
    ...flags,
  })
  const ask = asker(relay.url)
  await ask('/migrations', { file: migration, skip_preflight: 'the providers of this stage are one program' })
  await play(relay.url, ask)
  const customer = await furnish(relay.url, ask)
  return {
    url: relay.url,
    relay,
    upstream,
    customer,
    ask,
    close: async () => {
      await upstream.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}

export type Hall = { readonly stage: Stage; readonly browser: Browser; readonly leave: () => Promise<void> }

/** Files of one process, as they come and go. */
let users = 0
let opened: Promise<readonly [Stage, Browser]> | null = null

/** One stage and one browser for all files of a process: the first that comes starts them, the last that leaves ends them. */
export async function enterHall(): Promise<Hall> {
  users += 1
  opened ??= startStage().then(async (stage) => [stage, await startBrowser()] as const)
  const [stage, browser] = await opened
  const leave = async (): Promise<void> => {
    users -= 1
    if (users > 0) return
    opened = null
    await browser.close()
    await stage.close()
  }
  return { stage, browser, leave }
}

if (import.meta.main) {
  const stage = await startStage(4310)
  console.log(`${stage.url} with ${adminKey}`)
  process.once('SIGTERM', () => void stage.close())
  process.once('SIGINT', () => void stage.close())
}
