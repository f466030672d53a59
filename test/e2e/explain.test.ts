/** `drover explain` of a call that failed over twice: the whole story, as a person reads it. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { failure, neverAnswer, stream } from '../fake/answer.ts'
import { completionEvents } from '../fake/openai.ts'
import type { FakeUpstream, Script } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import { openAccount } from './customer.ts'
import { adminKey, fakeKey, runDrover, startRelay } from './harness.ts'

const timeout = '{ connect: 2s, headers: 400ms, first_token: 400ms, idle: 5s, total: 20s }'
const configFor = ({ baseUrl }: FakeUpstream): string => {
  const provider = (name: string): string =>
    `  ${name}: { vendor: openai-compatible, base_url: "${baseUrl.replace('/v1', `/${name}/v1`)}", allow_private: true, api_key: "env:FAKE_KEY" }`
  const target = (name: string): string =>
    `      - { provider: ${name}, model: ${name}-1, cost: { input: "1.00", output: "2.00" } }`
  return `providers:\n${['silent', 'busy', 'sound'].map(provider).join('\n')}
models:
  m:
    targets:\n${['silent', 'busy', 'sound'].map(target).join('\n')}
    price: { input: "3.00", output: "6.00" }
    route: { strategy: fallback, retries: 0, timeout: ${timeout} }
`
}

const scripts: Readonly<Record<string, Script>> = {
  silent: neverAnswer,
  busy: failure(503, { message: 'Come back later.' }),
  sound: stream(completionEvents(['One ', 'word.'], { usage: true })),
}

const story = `CALL  TIME
account   customer-1 (prepaid), key made-by-a-test
asked   m, streamed, by openai-chat /v1/chat/completions
answered  sound/sound-1, status 200, complete (stop)
time   N ms in all, N ms with 2 attempts that failed, first part after N ms, longest gap N ms, Drover's own N ms

attempts
1  |·✗|  silent/silent-1  N to N ms  left: upstream_timeout: first_token
2  |·✗|  busy/busy-1   N to N ms  left: upstream_overloaded: 503
3  |·█|  sound/sound-1   N to N ms  answered, first part after N ms

#  WHY   STATUS  BREAKER  KEY   COST   UPSTREAM ID  ADJUSTED
1  first as written   -   closed   env:FAKE_KEY  unknown   -
2  the one before failed  503   closed   env:FAKE_KEY  unknown   -
3  the one before failed  200   closed   env:FAKE_KEY  0.000011 USD  -

price
m of operator, tier default
row HASH from drover.yaml
input   7  x 3.00 / 1M  = 0.000021 USD
output  2  x 6.00 / 1M  = 0.000012 USD
sum 0.000033 USD
comes to 0.000033 USD, rounded once

books
held   0.000864 USD
settled   0.000033 USD
rule   the provider's own count
`

/** Times, ids and lengths of bars differ from run to run; order, words, money and columns do not. */
const pinned = (text: string): string =>
  text
    .replace(/call_\w+/g, 'CALL')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b[0-9a-f]{32}\b/g, 'HASH')
    .replace(/\| *·*✗ *\|/g, '|·✗|')
    // Under load the answer may come whole in one column of the drawing.
    .replace(/\| *·*█* *\|/g, '|·█|')
    .replace(/\d+(?:\.\d+)? to \d+ ms/g, 'N to N ms')
    .replace(/\d+(?:\.\d+)? ms/g, 'N ms')
    .replace(/ {3,}/g, '   ')
    .replace(/N ms {2,}/g, 'N ms  ')

test('a call that failed over twice: what was tried, for how long, what it cost, what was held and charged', async () => {
  await using upstream = await startUpstream((exchange) =>
    scripts[exchange.seen.target.split('/')[1] ?? '']?.(exchange),
  )
  await using relay = await startRelay({ config: configFor(upstream), env: { FAKE_KEY: fakeKey } })
  const bench = { relay, upstream, key: '', close: async () => {} }
  const { key } = await openAccount(bench, 1_000_000_000n)
  const answer = await call(relay.url, { key, body: chat('hi', { model: 'm', stream: true, max_tokens: 100 }) })
  assert.equal(answer.headers['x-drover-provider'], 'sound')
  const record = await relay.recordOf(answer)
  const { stdout, stderr, code } = await runDrover(['explain', String(record['id'])], {
    cwd: relay.folder,
    env: { DROVER_URL: relay.url, DROVER_ADMIN_KEY: adminKey },
  })
  assert.equal(code, 0, stderr)
  assert.equal(pinned(stdout), story)
})
