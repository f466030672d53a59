/** What stands beside a migration, as a whole: copies of calls, and callers who split their traffic themselves with the client. */

import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DroverEdge } from '../../clients/ts/drover-edge.ts'
import { failure, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import type { MadeKey, Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, startRelay } from './harness.ts'

type Shadow = {
  readonly questions: number
  readonly cost_usd: string
  readonly findings: readonly {
    readonly respect: string
    readonly compared: number
    readonly differed: number | null
    readonly floor: number | null
  }[]
  readonly left: Readonly<Record<string, number>>
  readonly examples: readonly { readonly call: string; readonly differs: string }[]
}
type Status = {
  readonly state: string
  readonly arms: Readonly<Record<'baseline' | 'candidate', { readonly turns: number; readonly failed_turns: number }>>
}

const fileOf = (name: string, more: string): string => `migration: ${name}
baseline: { route: old/${name} }
candidate: { route: new/${name} }
steps: [{ set_weight: 1, pause: { duration: 1h }, min_sample: 50 }]
analysis: { interval: 100ms, metrics: [{ name: error-rate, threshold_range: { max: 0.5 } }] }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
${more}`

describe('beside a migration', () => {
  let relay: Relay
  let old: FakeUpstream
  let next: FakeUpstream
  let key: MadeKey
  before(async () => {
    old = await startUpstream(whole(completion({ content: 'High water at Brest is at six.' })))
    next = await startUpstream(whole(completion({ content: 'High water at Brest is at six.' })))
    const provider = (at: FakeUpstream): string =>
      `{ vendor: openai-compatible, base_url: "${at.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY", price: free }`
    relay = await startRelay({
      config: `providers:\n  old: ${provider(old)}\n  new: ${provider(next)}\nmodels:\n  copied: { targets: [{ provider: old, model: copied }] }\n  split: { targets: [{ provider: new, model: split }] }\n`,
      env: { FAKE_KEY: fakeKey },
    })
    key = await relay.createKey()
  })
  after(async () => {
    await Promise.all([old.close(), next.close()])
    await relay[Symbol.asyncDispose]()
  })

  const start = async (name: string, more: string): Promise<void> => {
    const file = join(relay.folder, `${name}.yaml`)
    await writeFile(file, fileOf(name, more))
    const started = (await relay.command('migrate', 'start', file, '--skip-preflight', 'fakes')) as Status
    assert.equal(started.state, 'ramping')
  }

  test('calls of the baseline are copied, compared and counted; callers see nothing of it', async () => {
    await start(
      'copied',
      'match: { models: [copied] }\nshadow: { mirror_weight: 100, noise_floor_sample: 100, consent: all }',
    )
    next.answer(failure(503, { message: 'busy' }))
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_unused, index) =>
        call(relay.url, {
          key: key.key,
          headers: { 'x-session-id': `s-${index}`, 'x-drover-arm': 'baseline' },
          body: chat('hi', { model: 'copied' }),
        }),
      ),
    )
    for (const answer of answers) assert.equal(answer.at('choices.0.message.content'), 'High water at Brest is at six.')
    await call(relay.url, {
      key: key.key,
      headers: { 'x-drover-arm': 'baseline' },
      body: chat('hi', { model: 'copied', store: true }),
    })
    const found = await eventually(
      'copies of all calls',
      async () => {
        const asked = await call(relay.url, { path: '/api/v1/migrations/copied/shadow', key: adminKey })
        const shadow = JSON.parse(asked.text) as Shadow
        return shadow.questions === 6 && (shadow.left['stored'] ?? 0) === 1 ? shadow : undefined
      },
      15_000,
    )
    const [first] = found.findings
    assert.deepEqual([first?.respect, first?.compared, first?.differed, first?.floor], ['http_class', 6, 1, 0])
    assert.equal(found.examples[0]?.differs, 'http_class')
    assert.equal(next.seen.length, 6)
    assert.equal(old.seen.length, 13, 'seven callers were answered, and six questions were asked again')
    const record = await relay.recordOf(answers[0] ?? assert.fail())
    assert.deepEqual([record['provider'], record['status']], ['old', 200])
    assert.deepEqual(await relay.command('migrate', 'shadow', 'copied'), found)
  })

  test('the client reports both sides of a split to the relay, which judges what it did not move', async () => {
    await start('split', `split: client\nmatch: { models: [split], keys: [${key.id}] }`)
    next.answer(whole(completion({ content: 'Hello' })))
    const edge = new DroverEdge({
      migration: 'split',
      baseline: { baseURL: old.baseUrl, apiKey: fakeKey },
      candidate: { baseURL: `${relay.url}/v1`, apiKey: key.key },
      percent: () => 50,
    })
    const said = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) =>
        edge.call(`conversation-${index}`, async ({ baseURL, apiKey }) => {
          const answer = await fetch(`${baseURL}/chat/completions`, {
            method: 'POST',
            headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
            body: JSON.stringify(chat('hi', { model: 'split' })),
          })
          assert.equal(answer.status, 200)
          return (await answer.json()) as { readonly usage: object }
        }),
      ),
    )
    assert.equal(said.length, 20)
    await edge.flush()
    assert.deepEqual(edge.state(), { isDown: false, dropped: 0, reportError: null })
  })
})
