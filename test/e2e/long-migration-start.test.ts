/** What comes before a migration moves anything: the preflight with real calls, a start at a date, the step that only copies. */

import { strict as assert } from 'node:assert'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { failure, stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { FakeUpstream, Script } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { call } from './call.ts'
import type { Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, runDrover, startRelay, testKey } from './harness.ts'

/** Answers whole or streamed, as it is asked; tells its limits. */
const sound: Script = (exchange) => {
  const isStream = exchange.seen.body.includes('"stream":true')
  const head = { headers: { 'x-ratelimit-limit-requests': '500' } }
  return isStream
    ? stream(completionEvents(['Good', ' morning.'], { usage: true }), head)(exchange)
    : whole(completion({ content: 'Good morning.' }), head)(exchange)
}

const fileOf = (name: string, more = ''): string => `migration: ${name}
match: { models: [${name}] }
baseline: { route: old/${name} }
candidate: { route: new/${name} }
steps: [{ set_weight: 50, pause: { duration: 1h }, min_sample: 1000 }]
analysis: { interval: 100ms, initial_delay: 1ms, metrics: [{ name: error-rate, threshold_range: { max: 0.5 } }] }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
${more}`
const plain = 'preflight: { conformance: off, health_check: { interval: 1ms } }\n'

type Replay = {
  readonly ok: boolean
  readonly prompts: {
    readonly compared: number
    readonly left: Readonly<Record<string, number>>
    readonly arms: Readonly<Record<'baseline' | 'candidate', { readonly asked: number }>>
  }
}
type Check = { readonly check: string; readonly arm: string | null; readonly outcome: string; readonly says: string }

describe('before a migration', () => {
  let relay: Relay
  let sandbox: Relay
  let old: FakeUpstream
  let next: FakeUpstream
  let hook: FakeUpstream
  let key: string
  before(async () => {
    old = await startUpstream(sound)
    next = await startUpstream(sound)
    hook = await startUpstream(whole({ allow: true }))
    sandbox = await startRelay({})
    const provider = (at: string, secret: string): string =>
      `{ vendor: openai-compatible, base_url: "${at}", allow_private: true, api_key: "env:${secret}", price: free }`
    const models = ['well', 'later', 'cancelled', 'copies', 'probed', 'refused', 'vetoed', 'declared', 'edge']
    relay = await startRelay({
      config: `log: { bodies: true }\nmigrations: { dir: ./declared }\nrecipients:\n  board: { webhook: "${hook.baseUrl}/gate", secret: "env:HOOK_SECRET", allow_private: true }\nproviders:\n  old: ${provider(old.baseUrl, 'FAKE_KEY')}\n  new: ${provider(next.baseUrl, 'FAKE_KEY')}\n  real: ${provider(`${sandbox.url}/v1`, 'SANDBOX_KEY')}\nmodels:\n${models.map((name) => `  ${name}: { targets: [{ provider: old, model: ${name} }] }\n`).join('')}`,
      env: { FAKE_KEY: fakeKey, SANDBOX_KEY: testKey, HOOK_SECRET: 'a secret of the tests of more than 24 characters' },
    })
    key = (await relay.createKey()).key
  })
  after(async () => {
    await Promise.all([old.close(), next.close(), hook.close()])
    await relay[Symbol.asyncDispose]()
    await sandbox[Symbol.asyncDispose]()
  })

  const post = (path: string, body: object): Promise<Answer> =>
    call(relay.url, { path: `/api/v1/migrations${path}`, key: adminKey, body })
  const status = (name: string): Promise<Answer> =>
    call(relay.url, { path: `/api/v1/migrations/${name}`, key: adminKey })
  const stateOf = async (name: string, state: string): Promise<Answer> =>
    eventually(
      `${name} ${state}`,
      async () => {
        const found = await status(name)
        return found.at('state') === state ? found : undefined
      },
      20_000,
    )

  test('each arm gives three successive completions, keys and the way back are looked at, and the start keeps what was found', async () => {
    old.forget()
    next.forget()
    const started = await post('', { file: fileOf('well', plain) })
    assert.equal(started.status, 200, started.text)
    const checks = started.at('preflight.checks') as readonly Check[]
    assert.deepEqual(
      // How long the way back takes on a busy machine is no matter of this test.
      checks.map(({ check, arm, outcome }) => (arm === null ? check : `${check} ${arm} ${outcome}`)),
      [
        'answers baseline passed',
        'answers candidate passed',
        'keys baseline passed',
        'keys candidate passed',
        'credit candidate skipped',
        'quota candidate skipped',
        'way_back',
      ],
    )
    for (const upstream of [old, next]) {
      const posts = upstream.seen.filter(({ method }) => method === 'POST')
      assert.deepEqual(
        posts.map(({ body }) => body.includes('"stream":true')),
        [false, true, false],
      )
    }
    assert.match(String((await status('well')).at('log.0.why')), /^started by .*; preflight: [45] passed,.* 2 skipped$/)
  })

  test('where callers split their traffic the relay need not know their baseline, and asks the candidate alone', async () => {
    old.forget()
    const file = fileOf('edge', plain).replace('old/edge', 'direct/edge')
    const refused = await post('', { file })
    assert.match(refused.text, /baseline\.route: there is no provider/)
    const started = await post('', { file: `${file}split: client\n` })
    assert.equal(started.status, 200, started.text)
    const checks = started.at('preflight.checks') as readonly Check[]
    assert.deepEqual(
      checks.map(({ check, arm, outcome }) => (arm === null ? check : `${check} ${arm} ${outcome}`)).slice(0, 4),
      ['answers baseline skipped', 'answers candidate passed', 'keys baseline skipped', 'keys candidate passed'],
    )
    assert.equal(old.seen.length, 0)
  })

  test('a candidate that does not answer is not started: what failed, and what to do; a reason starts it all the same', async () => {
    next.answer(failure(401, { message: 'No such key.' }))
    const refused = await post('', { file: fileOf('refused', plain) })
    assert.equal(refused.status, 409)
    assert.match(
      refused.text,
      /answers of the candidate: completion 1 of 3 at new\/refused failed.*Check the key of provider .*keys of the candidate: provider .*refuses env:FAKE_KEY.*--skip-preflight REASON/,
    )
    assert.equal((await status('refused')).status, 404, 'nothing was kept')
    const looked = await post('/preflight', { file: fileOf('refused', plain) })
    assert.equal(looked.at('ok'), false)
    const all = await post('', { file: fileOf('refused', plain), skip_preflight: 'the key comes tomorrow' })
    assert.equal(all.status, 200, all.text)
    assert.match(String((await status('refused')).at('log.0.why')), /without a preflight: the key comes tomorrow$/)
    next.answer(sound)
  })

  test('a plan says what little traffic shows and what can go wrong, as text, as JSON and as a page', async () => {
    const file = join(relay.folder, 'little.yaml')
    await writeFile(
      file,
      fileOf('well', plain).replace('100000', '333').replace('migration: well', 'migration: little'),
    )
    const manifest = join(relay.folder, 'migration-manifest.json')
    const site = { name: 'web/chat', auth: 'literal', parameters: { tools: [] }, effects: [{ level: 'error' }] }
    await writeFile(manifest, JSON.stringify({ schema: 1, call_sites: [site] }))
    const body = { file: await readFile(file, 'utf8'), manifest: await readFile(manifest, 'utf8') }
    const plan = await post('/plan', body)
    const risks = plan.at('risks') as readonly { readonly risk: string; readonly likelihood: string }[]
    assert.deepEqual([risks.length, risks.find(({ risk }) => risk === 'key_leak')?.likelihood], [9, 'high'])
    const offers = plan.at('small_traffic.offers') as readonly { readonly kind: string }[]
    assert.ok(offers.some(({ kind }) => kind === 'replay') && offers.some(({ kind }) => kind === 'thresholds'))
    const page = await call(relay.url, {
      path: '/api/v1/migrations/plan',
      key: adminKey,
      body,
      headers: { accept: 'text/html' },
    })
    assert.match(page.text, /<h2>Risks<\/h2>.*key leak.*high/s)
    const wrong = await post('/plan', { ...body, manifest: '[]' })
    assert.match(wrong.text, /no manifest of schema 1/)
  })

  test('logged prompts are asked again of both sides, from a file and from the log, and compared', async () => {
    const file = join(relay.folder, 'again.yaml')
    const text = fileOf('well', `${plain}shadow: { consent: all, noise_floor_sample: 50 }\n`)
    await writeFile(file, text.replace('migration: well', 'migration: again'))
    const prompts = join(relay.folder, 'prompts.jsonl')
    const lines = [
      { model: 'x', messages: [{ role: 'user', content: 'one' }] },
      {
        custom_id: '2',
        method: 'POST',
        url: '/v1/chat/completions',
        body: { messages: [{ role: 'user', content: 'two' }] },
      },
      { body: { messages: [{ role: 'user', content: 'three' }] }, response: completion({ content: 'Good morning.' }) },
    ]
    await writeFile(prompts, lines.map((line) => JSON.stringify(line)).join('\n'))
    const asked = (await relay.command('migrate', 'replay', file, '--prompts', prompts)) as Replay
    assert.deepEqual([asked.ok, asked.prompts.compared, asked.prompts.left], [true, 3, {}], JSON.stringify(asked))
    const answers = await Promise.all(
      ['four', 'five'].map((content) =>
        // An earlier test moves half of this model's calls: what the candidate answers is no baseline.
        call(relay.url, { key, headers: { 'x-drover-arm': 'baseline' }, body: chat(content, { model: 'well' }) }),
      ),
    )
    for (const answer of answers) assert.equal(answer.status, 200)
    for (const answer of answers) await relay.recordOf(answer)
    const logged = (await relay.command('migrate', 'replay', file)) as Replay
    assert.ok(logged.prompts.compared >= 2 && logged.ok, JSON.stringify(logged))
    assert.ok(logged.prompts.arms.baseline.asked < logged.prompts.arms.candidate.asked, 'the log has its answers')
    const bad = await post('/replay', { subject: text, prompts: 'nothing' })
    assert.match(bad.text, /Line 1 of the prompts is not JSON/)
  })

  test('the probes that block a switch are run on the candidate; what clients would notice refuses the start', async () => {
    const file = fileOf('probed', 'preflight: { health_check: { interval: 1ms } }\n')
    const bad = await post('/preflight', { file })
    const found = (bad.at('checks') as readonly Check[]).find(({ check }) => check === 'conformance')
    assert.equal(found?.outcome, 'failed', bad.text)
    assert.match(found?.says ?? '', /clients would notice/)
    const good = await post('/preflight', { file: file.replace('new/probed', 'real/gpt-4.1') })
    const passed = (good.at('checks') as readonly Check[]).find(({ check }) => check === 'conformance')
    assert.ok(passed?.outcome === 'passed' || passed?.outcome === 'warned', good.text)
    assert.equal(good.at('ok'), true, good.text)
  })

  test('one that is set for a date waits, looks again then, and starts; one that is cancelled does not', async () => {
    const at = new Date(Date.now() + 2_000).toISOString()
    const set = await post('', { file: fileOf('later', plain), at })
    assert.deepEqual([set.at('state'), set.at('weight')], ['scheduled', 0], set.text)
    next.forget()
    const begun = await stateOf('later', 'ramping')
    assert.equal(begun.at('weight'), 50)
    const posts = next.seen.filter(({ method }) => method === 'POST')
    assert.equal(posts.length, 3, 'the preflight ran again')
    assert.match(String(begun.at('log.1.why')), /^its date has come; preflight: /)
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    assert.equal((await post('', { file: fileOf('cancelled', plain), at: tomorrow })).at('state'), 'scheduled')
    assert.equal((await post('/cancelled/abort', {})).at('state'), 'aborted')
    const waited = await runDrover(['migrate', 'status', 'cancelled', '--wait', '--url', relay.url, '--json'], {
      cwd: relay.folder,
      env: { DROVER_ADMIN_KEY: adminKey },
    })
    assert.deepEqual([waited.code, /aborted/.test(waited.stdout)], [1, true])
    const past = await post('', { file: fileOf('cancelled', plain), at: '2020-01-01T00:00:00Z' })
    assert.match(past.text, /is past/)
    assert.equal((await post('', { file: fileOf('cancelled', plain), at: 'tomorrow' })).status, 400)
  })

  test('a migration that a file of migrations.dir declares is started by its name, and changed where it lies', async () => {
    const folder = join(relay.folder, 'declared')
    await mkdir(folder, { recursive: true })
    const text = fileOf('declared', plain)
    await writeFile(join(folder, 'declared.yaml'), text)
    await writeFile(join(folder, 'wrong.yaml'), 'migration: wrong\n')
    type Row = {
      readonly name: string
      readonly state: string
      readonly managed_by: string | null
      readonly note: string | null
    }
    const listed = async (): Promise<readonly Row[]> =>
      ((await relay.command('migrate', 'list')) as { readonly data: readonly Row[] }).data
    const drafts = (await listed()).filter(({ managed_by: file }) => file !== null)
    assert.deepEqual(
      drafts.map(({ name, state }) => [name, state]),
      [
        ['declared', 'draft'],
        ['wrong.yaml', 'refused'],
      ],
    )
    const other = await post('', { file: text.replace('set_weight: 50', 'set_weight: 60') })
    assert.match(other.text, /managed by file \(declared.yaml\)/)
    assert.match(
      (await post('/plan', { file: 'nobody' })).text,
      /No file declares a migration .*nobody.*wrong.yaml is refused/,
    )
    const started = (await relay.command('migrate', 'start', 'declared')) as { readonly state: string }
    assert.equal(started.state, 'ramping')
    await writeFile(join(folder, 'declared.yaml'), text.replace('set_weight: 50', 'set_weight: 60'))
    const row = (await listed()).find(({ name }) => name === 'declared')
    assert.deepEqual(
      [row?.state, row?.managed_by, row?.note],
      ['ramping', 'declared.yaml', 'its file has changed since it was started'],
    )
  })

  test('a webhook that has something against a step holds it, signed and told; it goes on when that says so', async () => {
    hook.answer(whole({ allow: false, reason: 'change freeze', retry_after: 1 }))
    const steps =
      'steps: [{ set_weight: 50, pause: { duration: 1s }, min_sample: 1 }, { set_weight: 100, bake: { duration: 1h } }]'
    const file = fileOf(
      'vetoed',
      `${plain}veto: { recipient: board }\ninconclusive: { action: extend, max_extensions: 20 }\n`,
    ).replace(/steps: .*/, steps)
    assert.equal((await post('', { file })).status, 200)
    let session = 0
    const ask = async (): Promise<void> => {
      session += 1
      const headers = { 'x-session-id': `v-${session}` }
      await call(relay.url, { key, headers, body: chat('hi', { model: 'vetoed' }) })
    }
    const held = await eventually(
      'the gate is held',
      async () => {
        await ask()
        const log = (await status('vetoed')).at('log') as readonly { readonly change: string; readonly why: string }[]
        return log.find(({ change }) => change === 'hold')
      },
      20_000,
    )
    assert.match(held.why, /"board" has something against it: change freeze/)
    assert.match(String(hook.seen[0]?.headers['webhook-signature']), /^v1,/)
    hook.answer(whole({ allow: true }))
    await eventually(
      'the next step',
      async () => ((await status('vetoed')).at('step') === 1 ? true : undefined),
      20_000,
    )
    const unknown = await post('', { file: file.replace('recipient: board', 'recipient: nobody') })
    assert.match(unknown.text, /there is no webhook .*nobody/)
  })

  test('a step that only copies comes first, and its end follows from what copies have shown', async () => {
    const shadow = 'shadow: { duration: 6s, mirror_weight: 100, noise_floor_sample: 0, consent: all }\n'
    const started = await post('', { file: fileOf('copies', plain + shadow) })
    assert.deepEqual([started.at('state'), started.at('weight')], ['shadow', 0], started.text)
    let session = 0
    const gone = await eventually(
      'the first step',
      async () => {
        session += 1
        const answer = await call(relay.url, {
          key,
          headers: { 'x-session-id': `c-${session}` },
          body: chat('hi', { model: 'copies' }),
        })
        if ((await status('copies')).at('state') === 'shadow') assert.equal(answer.headers['x-drover-provider'], 'old')
        const found = await status('copies')
        return found.at('state') === 'shadow' ? undefined : found
      },
      30_000,
    )
    assert.equal(gone.at('state'), 'ramping', gone.text)
    assert.match(String(gone.at('log.1.why')), /answers compared, none of the respects is worse/)
    const { ok } = (await relay.command('migrate', 'replay', 'copies')) as { ok: boolean }
    assert.ok(ok)
  })
})
