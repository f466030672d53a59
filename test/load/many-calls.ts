/**
 * A server over a store with very many calls: how long each page takes that reads them, how long it takes to start, and the proof of
 * the books. `bin/drover-node test/load/many-calls.ts --calls 10000000 [--keys 100000] [--store postgres] [--folder /tmp/many] [--no-verify]`;
 * figures as JSON, exit 1 where the server works longer than `--page-ms` (300) on a page. The number is rounded up to whole copies of 65,536
 * calls. A folder that is named is kept, and used again if it is full; about 3 KiB a call. On Postgres the first calls are moved there as
 * `drover store move` does, and a second node hears of new keys. `--store postgres` is a server of its own, which ends with the command;
 * `--store postgres://USER@HOST:PORT` is one that is there: a database is made in it, and stays for the next run with the same folder.
 */

import { strict as assert } from 'node:assert'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { systemClock } from '#base/clock.ts'
import { moveStore } from '#store/postgres/move.ts'
import type { Answer } from '../e2e/call.ts'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, startRelay } from '../e2e/harness.ts'
import { makeDatabase } from '../e2e/on-postgres.ts'
import { startPostgres } from '../postgres/server.ts'
import { fillKeys } from './fill-keys.ts'
import type { Caller } from './fill-store.ts'
import { fillStore } from './fill-store.ts'
import { repeatStore } from './repeat-store.ts'
import { postgresTarget, sqliteTarget } from './repeat-target.ts'
import { rollUp } from './roll-up.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    keys: { type: 'string', default: '0' },
    store: { type: 'string', default: 'sqlite' },
    folder: { type: 'string' },
    seed: { type: 'string', default: '1' },
    'page-ms': { type: 'string', default: '300' },
    verify: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
/** Made one by one, in so many hours; the others are copies. */
const [firstCalls, firstHours] = [65_536, 4]
const times = Math.max(1, Math.ceil(Number(values.calls) / firstCalls))
const total = times * firstCalls
const pageMsMax = Number(values['page-ms'])
const dayMs = 86_400_000
const [accounts, keysPerAccount] = [40, 5]
const days = Math.ceil((times * firstHours) / 24)
const untilMs = Math.floor(Date.now() / dayMs) * dayMs
const fromMs = untilMs - days * dayMs
const startWithinMs = 300_000
const verifyWithinMs = 1_800_000

const models = Array.from({ length: 12 }, (_unused, one) => `model_${one}`)
const config = `providers:
${[0, 1, 2, 3].map((one) => `  provider_${one}: { vendor: openai-compatible, base_url: "http://127.0.0.1:9/v1", allow_private: true, api_key: "env:FAKE_KEY" }`).join('\n')}
models:
${models.map((name, one) => `  ${name}: { targets: [{ provider: provider_${one % 4}, model: upstream_${one} }], price: { input: "1.00", output: "2.00" } }`).join('\n')}
bundles: [{ name: pair, families: [family_0, family_1], min_volume_usd: "100", discount: "10%" }]
`

type Person = Caller & { readonly secret: string; readonly name: string }
type Plan = {
  readonly calls: number
  readonly untilMs: number
  readonly people: readonly Person[]
  /** Where the calls lie; `null` = in the folder. */
  readonly store: string | null
}

const isNamed = values.folder !== undefined
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'drover-many-'))
const planFile = join(folder, 'filled.json')
const secondsSince = (startedMs: number): number => rounded((performance.now() - startedMs) / 1_000)
const rounded = (figure: number): number => Math.round(figure * 10) / 10
const say = (text: string): boolean => process.stderr.write(text)
const isPostgres = /^postgres(:|$)/.test(values.store)
const isOwnServer = values.store === 'postgres'
assert.ok(isPostgres || values.store === 'sqlite', '--store is sqlite, postgres, or the URL of a server')
assert.ok(!(isOwnServer && isNamed), 'a server of its own ends with the command: a folder is not kept')
const embeddedFile = join(folder, 'data', 'drover.db')
const server = isOwnServer ? await startPostgres({ settings: ['shared_buffers=256MB', 'max_wal_size=4GB'] }) : null
const shared = { config: `${config}store: { url: "env:STORE_URL" }\nsecrets: { key: "env:SECRET_KEY" }\n` }
/** The store that calls are in at last; before they are moved it is the embedded one. */
let storeUrl: string | null = null
const start = (place = folder): Promise<Relay> => {
  if (storeUrl === null) return startRelay({ folder: place, config, env: { FAKE_KEY: 'sk-none' }, startWithinMs })
  const secret = readFileSync(join(folder, 'data', 'secret.key')).toString('hex')
  const env = { FAKE_KEY: 'sk-none', STORE_URL: storeUrl, SECRET_KEY: `hex:${secret}` }
  return startRelay({ folder: place, ...shared, env, startWithinMs })
}

async function ask(relay: Relay, path: string, body?: unknown): Promise<Answer> {
  const answer = await call(relay.url, { path, key: adminKey, ...(body === undefined ? {} : { body }) })
  assert.ok(answer.status < 300, answer.text)
  return answer
}

async function openPeople(): Promise<readonly Person[]> {
  const relay = await start()
  const people: Person[] = []
  for (let number = 0; number < accounts; number += 1) {
    const isPrepaid = number % 4 !== 0
    const billing = isPrepaid ? 'prepaid' : 'unlimited'
    const made = await ask(relay, '/api/v1/accounts', { name: `customer-${number}`, billing })
    const [account, organisation] = [String(made.at('id')), String(made.at('organisation'))]
    const granted = isPrepaid ? await ask(relay, '/api/v1/credits', { account, usd: '1000000' }) : null
    const lot = granted === null ? null : String(granted.at('lot'))
    const project = String((await ask(relay, '/api/v1/projects', { account, name: 'search' })).at('id'))
    const mail = `ana-${number}@example.com`
    const member = String((await ask(relay, '/api/v1/members', { account, mail, role: 'developer' })).at('id'))
    for (let one = 0; one < keysPerAccount; one += 1) {
      const name = `key-${number}-${one}`
      const wish = { name, account, project: 'search', member: mail, budget: '1000000', budget_period: 'month' }
      const key = await relay.createKey(wish)
      people.push({ key: key.id, secret: key.key, name, account, organisation, project, member, lot })
    }
  }
  await relay.stop()
  return people
}

async function moveTo(url: string) {
  const startedMs = performance.now()
  const { rows } = await moveStore({ file: embeddedFile, url, clock: systemClock() })
  storeUrl = url
  return { moved_rows: rows, moved_seconds: secondsSince(startedMs) }
}

/** How long it takes to make a key, and until another node takes it: the slowest of several. */
async function keyTimes(relay: Relay) {
  const elsewhere = storeUrl === null ? null : join(folder, 'second')
  await using second = elsewhere === null ? null : await start(elsewhere)
  let [madeMs, knownMs] = [0, 0]
  for (let turn = 0; turn < timesAsked; turn += 1) {
    const beganMs = performance.now()
    const { key } = await relay.createKey({ name: `timed-${turn}` })
    const answeredMs = performance.now()
    madeMs = Math.max(madeMs, answeredMs - beganMs)
    if (second === null) continue
    while ((await call(second.url, { path: '/v1/models', key })).status !== 200);
    knownMs = Math.max(knownMs, performance.now() - answeredMs)
  }
  return { key_made_ms: rounded(madeMs), key_known_elsewhere_ms: second === null ? null : rounded(knownMs) }
}

async function storeMebibytes(): Promise<number> {
  if (storeUrl === null) return Math.round(statSync(embeddedFile).size / 1_048_576)
  const client = new pg.Client({ connectionString: storeUrl })
  await client.connect()
  const { rows } = await client.query('select pg_database_size(current_database())::float8 as size')
  await client.end()
  return Math.round(rows[0].size / 1_048_576)
}

async function fill(): Promise<Plan & { readonly figures: object }> {
  if (existsSync(planFile)) {
    const plan = JSON.parse(readFileSync(planFile, 'utf8')) as Plan
    assert.equal(plan.calls, total, 'the folder holds another number of calls')
    assert.equal(plan.store !== null, isPostgres, 'the folder is of the other kind of store')
    storeUrl = plan.store
    return { ...plan, figures: {} }
  }
  const people = await openPeople()
  const startedMs = performance.now()
  const spread = { fromMs, untilMs: fromMs + firstHours * 3_600_000, seed: Number(values.seed) }
  const progress = (done: number): boolean => say(`\r${done} calls `)
  const file = embeddedFile
  await fillKeys(file, Number(values.keys))
  await fillStore({ file, callers: people, calls: firstCalls, ...spread, progress })
  const rolled = await rollUp(file, (left) => say(`\r${left} calls are not in the figures yet `))
  const moved = isPostgres ? await moveTo(await (server?.database() ?? makeDatabase(values.store))) : {}
  const target = storeUrl === null ? await sqliteTarget(file) : await postgresTarget(storeUrl)
  await repeatStore({ target, calls: firstCalls, hours: firstHours, times, progress })
  const plan = { calls: total, untilMs, people, store: storeUrl }
  writeFileSync(planFile, JSON.stringify(plan), { mode: 0o600 })
  const figures = {
    filled_seconds: secondsSince(startedMs),
    rolled_microseconds_a_call: rounded((rolled.elapsedMs * 1e3) / firstCalls),
    longest_step_ms: rounded(rolled.longestStepMs),
    ...moved,
  }
  return { ...plan, figures }
}

type Page = {
  readonly name: string
  readonly path: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

const isoOf = (timeMs: number): string => encodeURIComponent(new Date(timeMs).toISOString().slice(0, 19).concat('Z'))

/** What pages of the console ask as it stands beside the others: each page is one or two of these. */
const consoleReads = (account: string, end: number): readonly Page[] =>
  [
    'overview',
    `overview?account=${account}`,
    'calls?limit=50',
    'calls?limit=50&status=5xx',
    'keys?limit=1000',
    'accounts?limit=1000',
    'models',
    'prices/compare',
    'providers',
    'routes',
    'migrations',
    'plans',
    'nodes',
    `billing/${account}`,
    `usage?by=day&account=${account}&from=${isoOf(end - 60 * dayMs)}`,
    `usage?by=provider&from=${isoOf(end - 30 * dayMs)}`,
    `usage?by=account&from=${isoOf(end - 90 * dayMs)}`,
    'usage?by=account&from=50h',
    'payments?limit=50&first=newest',
    'payments?limit=50&first=newest&refund_requested=true',
    'invoices?limit=50&first=newest',
    'fapiao?limit=50&first=newest',
    `fapiao/accounts/${account}`,
    `budgets?limit=1000&account=${account}`,
    'events?limit=50',
    'deliveries?limit=50',
    'recipients',
    `projects?limit=1000&account=${account}`,
    `members?limit=1000&account=${account}`,
    `credentials?account=${account}`,
    'rules',
    'settings',
    'export',
    'prices',
    'migration-drafts',
    'trail?limit=1000&from=7d',
    'trail/verify',
  ].map((path) => ({
    name: `console: ${path.replace(account, 'ACCOUNT').replace(/from=\d[^&]*Z/, 'from=DAY')}`,
    path: `/api/v1/${path}`,
  }))

/** Every page that reads calls or money, asked as a person does. */
function pagesOf({ people, untilMs: end }: Plan, sample: { readonly id: string; readonly old: string }): Page[] {
  const person = people.find(({ account, lot }) => account === sampleAccount(people) && lot !== null) as Person
  const { account, key, project, member, secret } = person
  const month = `from=${isoOf(end - days * dayMs)}&to=${isoOf(end)}`
  const usage = (name: string, query: string): Page => ({
    name: `usage ${name}`,
    path: `/api/v1/usage?${month}&${query}`,
  })
  const search = (name: string, query: string): Page => ({
    name: `calls ${name}`,
    path: `/api/v1/calls?limit=100&${query}`,
  })
  const hour = `from=${isoOf(end - 15 * dayMs)}&to=${isoOf(end - 15 * dayMs + 3_600_000)}`
  return [
    usage('in all', 'by='),
    usage('by day', 'by=day'),
    usage('by key', 'by=key'),
    usage('by project', 'by=project'),
    usage('by member', 'by=member'),
    usage('by model', 'by=model'),
    usage('by provider', 'by=provider'),
    usage('by account, provider', 'by=account,provider'),
    usage('by tag', 'by=tag:team'),
    usage('by tag, model, day', 'by=tag:team,model,day'),
    usage('by key, model, day: first page', 'by=key,model,day'),
    usage('by hour: first page', 'by=model,hour'),
    usage('of an account by hour', `account=${account}&by=model,hour`),
    usage('of a key by day', `key=${key}&by=day`),
    usage('of a project by model', `project=${project}&by=model`),
    usage('of a member by day', `member=${member}&by=day`),
    {
      name: 'usage by account, 90 days from within a day',
      path: `/api/v1/usage?by=account&from=${isoOf(end - 90 * dayMs + 5 * 3_600_000)}`,
    },
    { ...usage('as CSV', 'by=model,day'), headers: { accept: 'text/csv' } },
    { name: 'FOCUS export, first page', path: `/api/v1/usage/export?${month}` },
    search('newest', ''),
    search('an old page', `before=${sample.old}`),
    search('of a key', `key=${key}`),
    search('of a key, an old page', `key=${key}&before=${sample.old}`),
    search('of an account and model', `account=${account}&model=model_3`),
    search('errors of an hour', `error=upstream_overloaded&${hour}`),
    search('of a conversation', 'conversation=conversation_5-1'),
    search('of a tag and status', 'tag=team%3Dteam_3&status=5xx'),
    search('of a call site, key and hour', `call_site=site_7&key=${key}&${hour}`),
    search('nothing matches', 'provider=provider_9'),
    search('nothing matches in a month', `provider=provider_9&${month}`),
    { name: 'one call', path: `/api/v1/calls/${sample.id}` },
    { name: 'explain', path: `/api/v1/calls/${sample.id}/explain` },
    { name: '/v1/generation', path: `/v1/generation?id=${sample.id}`, key: secret },
    { name: '/v1/key', path: '/v1/key', key: secret },
    { name: '/v1/credits', path: '/v1/credits', key: secret },
    { name: '/v1/users/me/balance', path: '/v1/users/me/balance', key: secret },
    { name: 'credits of an account', path: `/api/v1/credits/${account}` },
    { name: 'lots of an account', path: `/api/v1/credits?account=${account}` },
    { name: 'ledger of an account', path: `/api/v1/ledger?account=${account}` },
    { name: 'budgets', path: '/api/v1/budgets' },
    { name: 'keys', path: '/api/v1/keys?limit=100' },
    { name: 'accounts', path: '/api/v1/accounts?limit=100' },
    { name: 'trail', path: '/api/v1/trail?limit=100' },
    { name: 'stats', path: '/api/v1/stats' },
    ...consoleReads(account, end),
  ]
}

/** The account of a key with many calls. */
const sampleAccount = (people: readonly Person[]): string => people.find(({ lot }) => lot !== null)?.account ?? ''

const ticksPerSecond = 100

/** Processor time of the relay so far, of all its threads. */
const cpuMsOf = ({ pid }: Relay): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

const timesAsked = 5

/** The first time, the quickest of those that follow, and the processor time of one, which a busy machine does not stretch. */
async function timed(relay: Relay, { path, key, headers }: Page) {
  const spent: number[] = []
  const cpuMs = cpuMsOf(relay)
  let bytes = 0
  for (let time = 0; time < timesAsked; time += 1) {
    const beganMs = performance.now()
    const answer = await call(relay.url, { path, key: key ?? adminKey, headers: { ...headers } })
    spent.push(performance.now() - beganMs)
    assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 300)}`)
    bytes = answer.bytes.length
  }
  const [first = 0, ...others] = spent
  const cpu = (cpuMsOf(relay) - cpuMs) / timesAsked
  return { first_ms: rounded(first), quickest_ms: rounded(Math.min(...others)), cpu_ms: rounded(cpu), bytes }
}

async function sampleOf(relay: Relay, plan: Plan) {
  const person = plan.people.find(({ lot }) => lot !== null) as Person
  const half = isoOf(plan.untilMs - (days / 2) * dayMs)
  const page = await ask(relay, `/api/v1/calls?limit=50&key=${person.key}&to=${half}&model=model_0&end=complete`)
  const calls = page.at('data') as readonly { readonly id: string; readonly error: string | null }[]
  const [one] = calls.filter(({ error }) => error === null)
  assert.ok(one !== undefined)
  return { id: one.id, old: one.id }
}

try {
  const { figures, ...plan } = await fill()
  const startedMs = performance.now()
  const relay = await start()
  const startSeconds = secondsSince(startedMs)
  try {
    const pages: Record<string, Awaited<ReturnType<typeof timed>>> = {}
    for (const page of pagesOf(plan, await sampleOf(relay, plan))) pages[page.name] = await timed(relay, page)
    const slow = Object.entries(pages).filter(
      // What the relay waits for Postgres is no work of its own.
      ([, { quickest_ms, cpu_ms }]) => (isPostgres ? quickest_ms : Math.min(quickest_ms, cpu_ms)) > pageMsMax,
    )
    say(`\r${Object.keys(pages).length} pages asked\n`)
    const keyFigures = await keyTimes(relay)
    const verifyMs = performance.now()
    const proof = values.verify
      ? await call(relay.url, {
          path: '/api/v1/ledger/verify',
          key: adminKey,
          signal: AbortSignal.timeout(verifyWithinMs),
        })
      : null
    const report = {
      calls: total,
      keys: Number(values.keys),
      store: values.store,
      store_mib: await storeMebibytes(),
      ...figures,
      start_seconds: startSeconds,
      ...keyFigures,
      pages,
      slow: slow.map(([name]) => name),
      ledger_verify:
        proof === null
          ? null
          : {
              ok: proof.at('ok'),
              problems: proof.at('problems'),
              transactions: proof.at('transactions'),
              seconds: secondsSince(verifyMs),
            },
    }
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    process.exitCode = slow.length === 0 && (proof === null || proof.at('ok') === true) ? 0 : 1
  } finally {
    await relay.stop()
  }
} finally {
  await server?.[Symbol.asyncDispose]()
  if (!isNamed) rmSync(folder, { recursive: true })
}
